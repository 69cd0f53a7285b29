public import Storage
import Waiting

/// A user's way into a node: an export's, a job's, a test's. It follows the node when that is replaced, and it is where a drain stops new
/// requests.
///
/// Loop-bound. A single request goes through `read`, `write`, ... which wait while the node is drained. Work of several requests, above all
/// work that holds a lock of its own, is bracketed by `begin` and `end` and uses `node` in between, unhindered: a drain waits for `end`.
/// Begin before taking the lock, or the drain and the work wait for each other.
public final class NodeAccess {
    /// The edge that a replacement changes.
    public let edge: NodeEdge
    /// What the user may do.
    public internal(set) var permissions: LockSet
    private var gates = 0
    private var inside = 0
    private var detached = false
    /// How many requests and brackets have ended so far.
    private(set) var ended: UInt64 = 0
    private let entering = Waiters()
    private let draining = Waiters()

    init(edge: NodeEdge, permissions: LockSet) {
        self.edge = edge
        self.permissions = permissions
    }

    /// The node that requests reach now. Valid between `begin` and `end`; elsewhere until the next await.
    public var node: Node { edge.node }
    /// Its length in bytes.
    public var length: Int64 { edge.node.length }
    /// Requests and brackets in progress.
    public var inFlight: Int { inside }
    /// Whether a drain holds new requests back.
    public var isDrained: Bool { gates > 0 }

    /// Opens a bracket, waiting while the node is drained.
    /// - Throws: when the user has been detached.
    @inline(__always)
    public func begin() async throws(BlockError) {
        if isOpen { inside += 1 } else { try await enterWhenOpen() }
    }

    /// Opens a bracket at two users, as soon as neither is drained: both or none, so that a drain of both never waits for somebody who is
    /// inside of one and stands before the other.
    /// - Throws: when one of them has been detached.
    public static func begin(_ first: NodeAccess, _ second: NodeAccess) async throws(BlockError) {
        while true {
            try await first.begin()
            if second.isOpen {
                second.inside += 1
                return
            }
            first.end()
            try await second.begin()
            second.end()
        }
    }

    /// Opens a bracket within the bracket of another user, without waiting for a drain to end. Only for those whose way leads here as well,
    /// so that every drain that holds this user back holds them back, too, and waits for them: a drain then waits for this bracket, and
    /// nobody stands before a gate while the drain waits for him. Also after the user was detached, who is waited for all the same.
    public func beginWithinRequest() { inside += 1 }

    /// Closes a bracket.
    @inline(__always)
    public func end() {
        inside -= 1
        ended &+= 1
        if inside == 0 { draining.wakeAll() }
    }

    /// Fills `buffer` with the bytes at `offset`.
    public func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await begin()
        defer { end() }
        try checkBounds(offset, Int64(buffer.count))
        try await edge.node.read(at: offset, into: buffer)
    }

    /// Writes all of `buffer` at `offset`.
    public func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags = []) async throws(BlockError) {
        try await begin()
        defer { end() }
        try checkWrite(offset, Int64(buffer.count))
        try await edge.node.write(at: offset, from: buffer, flags: flags)
    }

    /// Makes the range read as zeroes.
    public func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags = []) async throws(BlockError) {
        try await begin()
        defer { end() }
        try checkWrite(offset, count)
        try await edge.node.writeZeroes(at: offset, count: count, flags: flags)
    }

    /// Gives the range back.
    public func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await begin()
        defer { end() }
        try checkWrite(offset, count)
        try await edge.node.discard(at: offset, count: count)
    }

    /// Returns when every write that ended before the call is on stable storage.
    public func flush() async throws(BlockError) {
        try await begin()
        defer { end() }
        try await edge.node.flush()
    }

    /// What a reader finds at `offset`, for at most `limit` bytes.
    public func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await begin()
        defer { end() }
        try checkBounds(offset, 0)
        return try await edge.node.extent(at: offset, limit: limit)
    }

    /// Stops new requests and waits for those in flight. Nests; each call is ended by one `resume`.
    func quiesce() async {
        gates += 1
        await waitUntilIdle()
    }

    /// Waits for requests and brackets in progress; the gate is closed.
    func waitUntilIdle() async {
        await draining.wait { inside == 0 }
    }

    /// Stops new requests without waiting.
    func closeGate() { gates += 1 }

    /// Lets requests through again, in the order in which they came.
    func resume() {
        gates -= 1
        if gates == 0 { entering.wakeAll() }
    }

    /// Ends the user: requests that wait are refused.
    func detach() {
        detached = true
        entering.wakeAll()
    }

    private var isOpen: Bool { gates == 0 && !detached }

    private func enterWhenOpen() async throws(BlockError) {
        let isInside = await entering.wait { () -> Bool? in
            if detached { return false }
            guard gates == 0 else { return nil }
            inside += 1
            return true
        }
        guard isInside else { throw BlockError(.inUse, "The user of node '\(edge.node.name)' has been detached") }
    }

    @inline(__always)
    private func checkBounds(_ offset: Int64, _ count: Int64) throws(BlockError) {
        guard offset >= 0, count >= 0, offset <= edge.node.length - count else { throw NodeAccess.outOfBounds }
    }

    @inline(__always)
    private func checkWrite(_ offset: Int64, _ count: Int64) throws(BlockError) {
        guard permissions.contains(.write) || permissions.contains(.writeUnchanged) else { throw Node.readOnly }
        try checkBounds(offset, count)
    }

    static let outOfBounds = BlockError(.outOfBounds, "Input/output error")
}
