public import Storage

/// A rule of `blkdebug`: what an event does.
public enum BlkdebugRule: Sendable, Equatable {
    /// Requests that fit fail from the event on.
    case inject(event: DebugEvent, state: Int64, Injection)
    /// The state changes.
    case setState(event: DebugEvent, state: Int64, newState: Int64)

    /// Which event it waits for.
    var event: DebugEvent {
        switch self {
        case .inject(let event, _, _), .setState(let event, _, _): event
        }
    }

    /// The state in which it holds; 0 is any.
    var state: Int64 {
        switch self {
        case .inject(_, let state, _), .setState(_, let state, _): state
        }
    }

    /// What fails, and how.
    public struct Injection: Sendable, Equatable {
        /// Kinds of requests.
        public enum Request: String, Sendable, CaseIterable {
            /// Reads.
            case read
            /// Writes of data.
            case write
            /// Zeroings.
            case writeZeroes = "write-zeroes"
            /// Discards.
            case discard
            /// Flushes.
            case flush
            /// Questions about contents.
            case blockStatus = "block-status"
        }

        /// The host's error number; 0 fails nothing.
        public var errno: Int32
        /// A request fits when it covers this byte; nil for any.
        public var offset: Int64?
        /// Which requests fit.
        public var requests: Set<Request>
        /// It fails one request only.
        public var once: Bool
        /// The failure comes within the call, not in a later turn of the loop.
        public var immediately: Bool

        /// Makes an injection; without a kind all but questions fit.
        public init(errno: Int32 = 5, offset: Int64? = nil, request: Request? = nil, once: Bool = false, immediately: Bool = false) {
            self.errno = errno
            self.offset = offset
            requests = request.map { [$0] } ?? [.read, .write, .writeZeroes, .discard, .flush]
            self.once = once
            self.immediately = immediately
        }

        func fits(_ request: Request, _ at: Int64, _ count: Int64) -> Bool {
            guard requests.contains(request) else { return false }
            guard let offset else { return true }
            return count > 0 && offset >= at && offset < at + count
        }
    }
}

/// The rules of one node and what they have come to. A pure value.
struct BlkdebugState: Sendable {
    private var rules: [(number: Int, rule: BlkdebugRule)]
    /// Injections in force, the last that came first.
    private var active: [(number: Int, injection: BlkdebugRule.Injection)] = []
    private(set) var state: Int64 = 1

    init(_ rules: [BlkdebugRule]) {
        self.rules = Array(rules.enumerated().map { ($0.offset, $0.element) })
        note(.none)
    }

    /// Whether any rule waits for events.
    var hears: Bool { !rules.isEmpty }

    /// An event has come. The injections that it brings take the place of those in force.
    mutating func note(_ event: DebugEvent) {
        let old = state
        var isFirst = true
        // QEMU looks at the last rule first.
        for (number, rule) in rules.reversed() where rule.event == event && (rule.state == 0 || rule.state == old) {
            switch rule {
            case .inject(_, _, let injection):
                if isFirst { active = [] }
                isFirst = false
                active.insert((number, injection), at: 0)
            case .setState(_, _, let newState):
                state = newState
            }
        }
    }

    /// Which injection a request meets. One that fails a single request is spent with that.
    mutating func meet(_ request: BlkdebugRule.Injection.Request, at offset: Int64, count: Int64) -> BlkdebugRule.Injection? {
        guard let index = active.firstIndex(where: { $0.injection.fits(request, offset, count) }) else { return nil }
        let (number, injection) = active[index]
        guard injection.errno != 0 else { return nil }
        if injection.once {
            active.remove(at: index)
            rules.removeAll { $0.number == number }
        }
        return injection
    }
}
