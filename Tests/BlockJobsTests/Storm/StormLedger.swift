import TestSupport

/// What was done, what was found, and who still waits for an answer. A storm's time is the number of requests that its disks have answered.
final class StormLedger: Sendable {
    private struct State {
        var steps: [String] = []
        var findings: [String] = []
        var open: [(number: Int, text: String, since: Int)] = []
        var number = 0
        var answered = 0
        var digest: UInt64 = 14_695_981_039_346_656_037
        var longest = 0
        var counts: [String: Int] = [:]
        var lookouts: [(answers: Int, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func mix(_ word: UInt64) { digest = (digest ^ word) &* 1_099_511_628_211 }
    }
    private let state = Guarded(State())

    /// How many requests the disks have answered.
    var answered: Int { state.withLock { $0.answered } }
    var steps: [String] { state.withLock { $0.steps } }
    var findings: [String] { state.withLock { $0.findings } }
    /// A number that two plays share only when all their decisions were the same.
    var digest: UInt64 { state.withLock { $0.digest } }
    /// For how many answers of the disks the longest wait went on.
    var longestWait: Int { state.withLock { $0.longest } }
    /// How often which kind of command was carried out.
    var counts: [String: Int] { state.withLock { $0.counts } }

    func step(_ text: String, note: String = "") {
        state.withLock { state in
            state.steps.append("\(state.answered) \(text)\(note)")
            state.mix(text.utf8.reduce(UInt64(7)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
        }
    }

    /// Something is wrong.
    func find(_ text: String) {
        state.withLock { $0.findings.append("\(text) (after \($0.answered) answers)") }
    }

    /// A disk has answered a request, chosen by `choice`.
    func answer(_ choice: Int) {
        let due = state.withLock { state in
            state.answered += 1
            state.mix(UInt64(truncatingIfNeeded: choice))
            let due = state.lookouts.filter { $0.answers <= state.answered }
            state.lookouts.removeAll { $0.answers <= state.answered }
            return due
        }
        for lookout in due { lookout.continuation.resume() }
    }

    /// Returns after so many answers of the disks, after the next event of a job, or when nobody else has anything to do.
    func pause(_ answers: Int) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.lookouts.append(($0.answered + answers, continuation)) }
        }
    }

    /// Ends all pauses.
    /// - Returns: whether there were any.
    @discardableResult
    func endPauses() -> Bool {
        let lookouts = state.withLock { state in
            defer { state.lookouts = [] }
            return state.lookouts
        }
        for lookout in lookouts { lookout.continuation.resume() }
        return !lookouts.isEmpty
    }

    /// Carries out a command, which must be answered.
    /// - Returns: whether it was not refused.
    @discardableResult
    func command(_ kind: String, _ text: String = "", _ body: () async throws -> Void) async -> Bool {
        let number = begin("\(kind) \(text)")
        defer { end(number) }
        do {
            try await body()
            step("\(kind) \(text)")
            state.withLock { $0.counts[kind, default: 0] += 1 }
            return true
        } catch {
            // Texts name nodes by numbers of the moment, which are no decisions.
            step("\(kind) \(text)", note: ": \(error)")
            return false
        }
    }

    /// Waits for something that must come.
    func awaiting(_ text: String, _ body: () async -> Void) async {
        let number = begin(text)
        await body()
        end(number)
        step(text)
    }

    private func begin(_ text: String) -> Int {
        state.withLock { state in
            state.number += 1
            state.open.append((state.number, text, state.answered))
            return state.number
        }
    }

    private func end(_ number: Int) {
        state.withLock { state in
            guard let index = state.open.firstIndex(where: { $0.number == number }) else { return }
            let entry = state.open.remove(at: index)
            state.longest = max(state.longest, state.answered - entry.since)
        }
    }

    /// Those who wait, each with how many answers the disks have given meanwhile.
    var waiting: [(text: String, answers: Int)] {
        state.withLock { state in state.open.map { ($0.text, state.answered - $0.since) } }
    }
}
