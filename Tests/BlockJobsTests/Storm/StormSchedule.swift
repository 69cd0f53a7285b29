import TestSupport

@testable import IOLoop

/// Decides by the seed who goes on next: a step of the loop, of the control plane, or the answer of a disk; and when time goes on.
struct StormSchedule {
    let world: StormWorld
    let ledger: StormLedger
    /// Of eight rounds in so many a disk answers though others could go on.
    let haste: Int
    /// Whether disks stop answering now and then.
    let hangsDisks: Bool

    /// For how many answers of the disks anybody may wait.
    private static let mostAnswers = 12_000
    /// How often in a row time may go on while no disk has anything to answer.
    private static let mostMoves = 3_000

    /// Plays until `isOver`, then until nobody has anything left to do.
    /// - Returns: why it gave up, or nil.
    func run(seed: UInt64, on io: isolated IOThread, isOver: Guarded<Bool>) async -> String? {
        var generator = SeededGenerator(seed: seed)
        var moves = 0
        var mayEndPauses = true
        var rounds = 0
        var slow: [StormRequest: Int] = [:]
        while true {
            await Task.yield()
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !world.lane.isIdle { world.lane.runOne(&generator) }
            if hangsDisks, !world.isCalm { hangOne(&generator) }
            let isIdle = world.lane.isIdle && io.core.state.pointee.ready.isEmpty
            // Who turns round and round without any disk must not keep the others waiting, or the wait would never be found too long.
            rounds += 1
            guard isIdle || rounds > 2000 || Int.random(in: 0..<8, using: &generator) < haste else { continue }
            rounds = 0
            if answerSome(&generator, &slow, isIdle: isIdle) {
                (moves, mayEndPauses) = (0, true)
                world.clock.pass(serviceTime)
            } else if isIdle {
                if isOver.withLock({ $0 }) { return nil }
                if mayEndPauses, ledger.endPauses() {
                    mayEndPauses = false
                    continue
                }
                mayEndPauses = true
                if let stall = goOn(&moves) { return stall }
            }
            if let late = ledger.waiting.first(where: { $0.answers > Self.mostAnswers }) {
                return "no end of '\(late.text)' after \(late.answers) answers of the disks"
            }
        }
    }

    /// Now and then a disk stops answering, until the others have answered some requests, or nobody has anything else to do.
    private func hangOne(_ generator: inout SeededGenerator) {
        if let hung = world.disks.first(where: \.isHung) {
            if ledger.answered > hung.hungUntil { hung.isHung = false }
        } else if Int.random(in: 0..<1000, using: &generator) == 0 {
            let disks = world.disks
            let disk = disks[Int.random(in: 0..<disks.count, using: &generator)]
            disk.hungUntil = ledger.answered + Int.random(in: 20...600, using: &generator)
            disk.isHung = true
        }
    }

    /// How long the disks work for some answers: while one hangs, so long that deadlines pass.
    private var serviceTime: UInt64 {
        guard let hung = world.disks.first(where: \.isHung) else { return 1_000_000 }
        return [1_000_000, 20_000_000, 100_000_000][hung.hungUntil % 3]
    }

    /// Several in one turn of the loop, so that ends meet.
    private func answerSome(_ generator: inout SeededGenerator, _ slow: inout [StormRequest: Int], isIdle: Bool) -> Bool {
        var hasAnswered = false
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard let (disk, index) = choose(&generator, &slow, isIdle: isIdle && !hasAnswered) else { return hasAnswered }
            let operation = disk.storage.value.hangingOperations[index].operation
            let fails = Int.random(in: 0..<1000, using: &generator) < disk.faults && ledger.answered < disk.faultsUntil
            let errno: Int32? = fails ? operation == .write ? 28 : 5 : nil
            ledger.answer(index << 8 | Int(errno ?? 0))
            disk.storage.value.release(at: index, failing: errno)
            hasAnswered = true
        }
        return hasAnswered
    }

    /// Any request that hangs; some are found to be slow, and then left alone for a time, or until there is nothing else to do.
    private func choose(
        _ generator: inout SeededGenerator, _ slow: inout [StormRequest: Int], isIdle: Bool
    ) -> (StormDisk, index: Int)? {
        let disks = world.disks.filter { !$0.isHung && $0.storage.value.hangingCount > 0 }
        guard !disks.isEmpty else { return nil }
        for _ in 0..<4 {
            let disk = disks[Int.random(in: 0..<disks.count, using: &generator)]
            let operations = disk.storage.value.hangingOperations
            let index = Int.random(in: 0..<operations.count, using: &generator)
            let request = StormRequest(disk: disk.name, number: operations[index].number)
            if slow[request] == nil, Int.random(in: 0..<16, using: &generator) == 0 {
                slow[request] = ledger.answered + Int.random(in: 10...200, using: &generator)
            }
            if slow[request] ?? 0 <= ledger.answered { return (disk, index) }
        }
        return isIdle ? (disks[0], 0) : nil
    }

    /// Nobody can do anything: a hung disk comes back, or time goes on.
    private func goOn(_ moves: inout Int) -> String? {
        moves += 1
        let hung = world.disks.filter { $0.isHung && $0.storage.value.hangingCount > 0 }
        // While disks hang, deadlines pass; then the disks come back.
        if !hung.isEmpty, world.clock.next == nil || moves > 8 {
            for disk in hung { disk.isHung = false }
            return nil
        }
        guard let next = world.clock.next else { return "nobody goes on though no disk owes an answer: \(whoWaits)" }
        if next.isLong, hung.isEmpty { return "a wait of \(next.wait / 1_000_000) ms though no disk owes an answer: \(whoWaits)" }
        guard moves < Self.mostMoves else { return "only time goes on: \(whoWaits)" }
        world.clock.moveOn()
        return nil
    }

    private var whoWaits: [String] { ledger.waiting.map(\.text) }
}

/// Names a request to a disk.
struct StormRequest: Hashable {
    let disk: String
    let number: Int
}
