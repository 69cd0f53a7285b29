import IOLoop

/// Finds nodes whose users wait and get no answer, from looks at them every few seconds.
///
/// A pure value; the owner has the clock.
public struct SilenceWatch: Sendable {
    /// What one user of a node was seen to wait for.
    public struct Sample: Sendable {
        let user: UserID
        let node: String
        /// How many requests and brackets of the user have ended so far.
        let ended: UInt64
    }

    /// What an operator wants to know.
    public enum Finding: Sendable, Equatable {
        /// Requests to the node are in flight, and none has ended for the limit.
        case silent(node: String)
        /// One has ended again, or none is in flight any more.
        case answers(node: String)
    }

    private struct State {
        let node: String
        let ended: UInt64
        /// When it was first seen so.
        let since: UInt64
        var isTold = false
    }

    private let limit: UInt64
    private var states: [UserID: State] = [:]

    /// - Parameter limit: for how long no request may have ended, in nanoseconds.
    public init(limit: UInt64) { self.limit = limit }

    /// Whether the last look saw somebody wait.
    public var remembers: Bool { !states.isEmpty }

    /// Takes a look.
    /// - Parameters:
    ///   - samples: every user with a request in flight.
    ///   - now: the time in nanoseconds.
    public mutating func look(_ samples: [Sample], at now: UInt64) -> [Finding] {
        let before = states
        let told = Set(before.values.filter(\.isTold).map(\.node))
        states = [:]
        for sample in samples {
            var state = State(node: sample.node, ended: sample.ended, since: now)
            if let old = before[sample.user], old.ended == sample.ended, old.node == sample.node { state = old }
            if now - state.since >= limit { state.isTold = true }
            states[sample.user] = state
        }
        let silent = Set(states.values.filter(\.isTold).map(\.node))
        return silent.subtracting(told).sorted().map { .silent(node: $0) } + told.subtracting(silent).sorted().map { .answers(node: $0) }
    }
}

extension BlockGraph {
    /// Whether anybody uses a node.
    public var hasUsers: Bool { table.hasUsers }

    /// The users with a request in flight.
    public func waitingUsers() async -> [SilenceWatch.Sample] {
        var samples: [SilenceWatch.Sample] = []
        for (thread, members) in BlockGraph.byLoop(table.allUsers) {
            samples += await thread.run { (io: isolated IOThread) in
                members.compactMap { user in
                    let access = user.access.value
                    guard access.inFlight > 0 else { return nil }
                    return SilenceWatch.Sample(user: user.id, node: access.node.name, ended: access.ended)
                }
            }
        }
        return samples
    }

    /// The nodes that are still open, as the daemon ends.
    public var openNodes: [String] { table.newestFirst.compactMap { topology.nodes[$0]?.name } }
}
