import Jobs
import TestSupport

/// The registry's events as words, for whom a test may wait.
final class EventLog: Sendable {
    private struct State {
        var words: [String] = []
        var events: [JobEvent] = []
        var waiters: [(isMet: @Sendable ([String]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Guarded(State())

    func add(_ event: JobEvent) {
        let met = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.words.append(EventLog.word(event))
            state.events.append(event)
            let words = state.words
            let met = state.waiters.filter { $0.isMet(words) }
            state.waiters.removeAll { $0.isMet(words) }
            return met.map(\.continuation)
        }
        for continuation in met { continuation.resume() }
    }

    /// Notes something of the test's own in its place among the events.
    func note(_ word: String) { state.withLock { $0.words.append(word) } }

    var words: [String] { state.withLock { $0.words } }
    var text: String { words.joined(separator: " ") }
    var events: [JobEvent] { state.withLock { $0.events } }

    /// Waits until `word` has happened `times` times.
    func wait(for word: String, times: Int = 1) async {
        await wait { words in words.count { $0 == word } >= times }
    }

    func wait(until isMet: @escaping @Sendable ([String]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state -> Bool in
                if isMet(state.words) { return true }
                state.waiters.append((isMet, continuation))
                return false
            }
            if now { continuation.resume() }
        }
    }

    static func word(_ event: JobEvent) -> String {
        switch event {
        case .statusChange(let id, let status):
            switch status {
            case .created: "\(id):C"
            case .running: "\(id):R"
            case .waiting: "\(id):W"
            case .pending: "\(id):P"
            case .concluded: "\(id):Cc"
            case .null: "\(id):N"
            case .undefined, .paused, .ready, .standby, .aborting: "\(id):\(status.rawValue)"
            }
        case .completed(let report, let error): error.map { "\(report.device):OK{\($0)}" } ?? "\(report.device):OK"
        case .cancelled(let report): "\(report.device):CAN"
        case .ready(let report): "\(report.device):READY"
        case .pending(_, let id): "\(id):PENDING"
        case .error(let device, let operation, let action, _): "\(device):ERROR{\(operation.rawValue),\(action.rawValue)}"
        }
    }
}
