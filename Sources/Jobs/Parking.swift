/// The tasks of one body that wait in the registry, in the order in which they came. The registry resumes whom it takes out.
struct Parking {
    /// A task that waits.
    struct Entry {
        let ticket: Int
        let reason: ParkReason
        let continuation: UnsafeContinuation<ParkOutcome, Never>
    }

    /// Whether a reason to wait is gone.
    enum Verdict {
        case go
        case stay(until: UInt64?)
    }

    private var entries: [Entry] = []
    /// How many tasks may park at the same time.
    private var workers = 1
    /// When the first of them is to be looked at again.
    var timer: (any JobTimer)?

    /// Whether all tasks of the body wait here.
    var isComplete: Bool { !entries.isEmpty && entries.count >= workers }
    /// Whether somebody waits for the limiter: who comes gets in line.
    var hasLimiterQueue: Bool { entries.contains { $0.reason.isLimiter } }

    mutating func add(_ entry: Entry) { entries.append(entry) }

    mutating func remove(ticket: Int) -> Entry? {
        entries.firstIndex { $0.ticket == ticket }.map { entries.remove(at: $0) }
    }

    mutating func removeAll() -> [Entry] {
        defer { entries = [] }
        return entries
    }

    mutating func setWorkers(_ count: Int) { workers = count }

    /// After the last one the body's own task counts again.
    mutating func workerEnded() { workers = max(1, workers - 1) }

    /// Takes out those whose reason is gone, asking the limiter for one at a time.
    /// - Returns: who may go, and when the next may.
    mutating func takeReady(_ verdict: (ParkReason) -> Verdict) -> (leaving: [Entry], next: UInt64?) {
        var leaving: [Entry] = []
        var staying: [Entry] = []
        var next: UInt64?
        var limiterIsTaken = false
        for entry in entries {
            if entry.reason.isLimiter, limiterIsTaken {
                staying.append(entry)
                continue
            }
            switch verdict(entry.reason) {
            case .go:
                leaving.append(entry)
            case .stay(let until):
                if entry.reason.isLimiter { limiterIsTaken = true }
                if let until { next = min(until, next ?? until) }
                staying.append(entry)
            }
        }
        entries = staying
        return (leaving, next)
    }
}

/// Why a task of a body waits in the registry, which is also when it may go on.
enum ParkReason: Sendable, Equatable {
    /// As soon as nobody wants a pause.
    case checkpoint
    /// When the limiter admits this many bytes.
    case limiter(bytes: Int)
    /// When the limiter admits anything at all.
    case budget
    /// At a time on the registry's clock.
    case sleep(until: UInt64)
    /// At a `wake()`, a completion request, or a time.
    case idle(until: UInt64?)
    /// At a completion request.
    case completionRequest

    var isLimiter: Bool {
        if case .limiter = self { true } else { false }
    }
}

/// What became of a parked task.
enum ParkOutcome: Sendable {
    /// It goes on.
    case proceed
    /// It ends: the job, or the task itself, was cancelled.
    case cancelled
}
