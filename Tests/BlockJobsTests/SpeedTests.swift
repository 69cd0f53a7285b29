import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct SpeedTests {
    /// Bytes that were moved at one moment.
    private struct Move {
        let time: UInt64
        let bytes: Int64
    }

    /// Every window of 250 ms carries no more, and while there is something to move no less, than the limit's share, within a tenth or one
    /// chunk, whichever is larger. The fullest windows begin with a move, the emptiest right after one.
    private static func expectEven(_ moves: [Move], speed: Int64, chunk: Int64) {
        let share = Double(speed) / 4
        let tolerance = max(share / 10, Double(chunk))
        for (index, move) in moves.enumerated() {
            let end = move.time + RateLimiter.window
            let full = moves[index...].prefix { $0.time < end }.reduce(0) { $0 + $1.bytes }
            #expect(Double(full) <= share + tolerance, "\(full) bytes from \(move.time) on")
            guard moves.last.map({ $0.time >= end }) == true else { continue }
            let empty = moves[(index + 1)...].prefix { $0.time <= end }.reduce(0) { $0 + $1.bytes }
            #expect(Double(empty) >= share - tolerance, "\(empty) bytes after \(move.time)")
        }
    }

    @Test(arguments: [false, true], [256 << 10, 1 << 20, 5_000_000] as [Int64])
    func `every 250 ms carry the limit's share, within a tenth or a chunk`(mirror: Bool, speed: Int64) async throws {
        let clocks = Guarded<StepClock?>(nil)
        let world = try World(clock: { control in
            let step = StepClock(control)
            clocks.withLock { $0 = step }
            return step
        })
        guard let clock = clocks.withLock({ $0 }) else { throw TookTooLong() }
        let length = 4 << 20
        try await world.disk("src", contents: [UInt8](repeating: 1, count: length))
        try await world.disk("dst", length: Int64(length))
        let job = BlockJobOptions(id: "j", speed: speed)
        if mirror {
            try await world.jobs.startMirror(MirrorOptions(job: job, device: "src", target: "dst", sync: .full))
        } else {
            try await world.jobs.startBackup(BackupOptions(job: job, device: "src", target: "dst", sync: .full))
        }
        // Moves time only when the job can do nothing more without it.
        let moves = try await within { () async -> [Move] in
            var moves: [Move] = []
            var before: Int64 = 0
            while let info = await world.info("j"), info.currentProgress < Int64(length) {
                while await world.registry.blockJobs.first?.busy == true { await Task.yield() }
                guard let next = clock.nextDeadline else {
                    await Task.yield()
                    continue
                }
                let progress = await world.info("j")?.currentProgress ?? before
                if progress > before { moves.append(Move(time: clock.now, bytes: progress - before)) }
                before = progress
                clock.move(to: next)
                await world.registry.settle()
            }
            return moves
        }
        let log = await world.with("dst") { $0.log.filter { $0.operation == .write }.map(\.count) }
        let chunk = log.max() ?? 0
        #expect(chunk == 65536, "chunks shrink at low speeds")
        Self.expectEven(moves, speed: speed, chunk: chunk)
        let seconds = Double(clock.now - 1_000_000_000) / 1e9
        let wanted = Double(length) / Double(speed)
        #expect(abs(seconds - wanted) < 0.3, "4 MiB at \(speed) bytes a second took \(seconds) s")
    }
}

extension JobRegistry {
    /// Returns when what was enqueued before has run.
    func settle() {}
}
