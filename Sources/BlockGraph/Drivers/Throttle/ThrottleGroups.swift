internal import IOLoop
public import Storage

/// The throttle groups by name: made and removed on the control plane, found on the loops. Unchecked: `lock` guards the table.
public final class ThrottleGroups: @unchecked Sendable {
    private let clock: any ThrottleClock
    private let lock = PlatformLock()
    private var groups: [String: ThrottleGroup] = [:]

    /// No groups; those to come live by `clock`.
    public init(clock: any ThrottleClock) { self.clock = clock }

    /// The group of this name.
    public func group(_ name: String) -> ThrottleGroup? { lock.withLock { groups[name] } }

    /// The group of this name.
    /// - Throws: when there is none.
    func existing(_ name: String) throws(BlockError) -> ThrottleGroup {
        guard let group = group(name) else { throw BlockError(.invalidOption, "Throttle group '\(name)' does not exist") }
        return group
    }

    /// Their names, sorted.
    public var names: [String] { lock.withLock { groups.keys.sorted() } }

    /// Makes a group.
    /// - Throws: when the limits contradict each other, or the name is taken.
    public func add(_ name: String, limits: ThrottleRates) throws(BlockError) {
        let failure: BlockError? = lock.withLock {
            guard groups[name] == nil else { return Self.duplicate(name) }
            do throws(BlockError) { try limits.check() } catch { return error }
            groups[name] = ThrottleGroup(name: name, limits: limits, clock: clock)
            return nil
        }
        if let failure { throw failure }
    }

    /// The name is taken.
    public static func duplicate(_ name: String) -> BlockError {
        BlockError(.invalidOption, "attempt to add duplicate property '\(name)' to object (type 'container')")
    }

    /// Removes a group that no node belongs to.
    /// - Throws: when there is none of this name, or nodes belong to it.
    public func remove(_ name: String) throws(BlockError) {
        let failure: BlockError? = lock.withLock {
            guard let group = groups[name] else { return BlockError(.invalidOption, "object '\(name)' not found") }
            guard !group.isInUse else { return BlockError(.inUse, "object '\(name)' is in use, can not be deleted") }
            groups[name] = nil
            return nil
        }
        if let failure { throw failure }
    }
}
