public import Storage

/// What a parent does with a node, and what it lets the node's other parents do.
public struct Permissions: Sendable, Equatable {
    /// What it does itself.
    public var held: LockSet
    /// What it can live with others doing.
    public var shared: LockSet

    /// Makes permissions.
    public init(held: LockSet = [], shared: LockSet = .all) {
        self.held = held
        self.shared = shared
    }

    /// What all of a node's parents together do, and all of them allow.
    static func cumulative(_ parents: [Permissions]) -> Permissions {
        var sum = Permissions()
        for parent in parents {
            sum.held.formUnion(parent.held)
            sum.shared.formIntersection(parent.shared)
        }
        return sum
    }
}

extension LockSet {
    /// The names as QEMU lists them in a conflict.
    var names: String {
        var list: [String] = []
        if contains(.consistentRead) { list.append("consistent read") }
        if contains(.write) { list.append("write") }
        if contains(.writeUnchanged) { list.append("write unchanged") }
        if contains(.resize) { list.append("resize") }
        return list.joined(separator: ", ")
    }
}

/// What a child is to its parent; it decides which permissions the parent passes down.
public enum ChildRole: Sendable, Equatable {
    /// The parent passes requests on one to one.
    case filtered
    /// The parent keeps guest data there, at places of its choosing.
    case data
    /// The parent keeps data and its own metadata there.
    case image
    /// The parent keeps its own metadata there, and its data elsewhere.
    case metadata
    /// The parent reads there what it doesn't have itself.
    case backing
    /// Known only to the parent's own policy.
    case other
}

/// What a permission policy may look at.
public struct ChildContext: Sendable {
    /// The child's name at its parent: `file`, `target`, ...
    public let childName: String
    /// What it is to its parent.
    public let role: ChildRole
    /// What the parents of the parent do and allow, together.
    public let parent: Permissions
    /// Whether the parent may write at all.
    public let parentIsWritable: Bool
    /// Whether the parent has parents.
    public let parentIsUsed: Bool

    /// What a driver without wishes of its own asks of the child, by role.
    public var standard: Permissions {
        switch role {
        case .filtered:
            return parent
        case .backing:
            var shared: LockSet = [.consistentRead, .writeUnchanged]
            if parent.shared.contains(.write) { shared.formUnion([.write, .resize]) }
            return Permissions(held: parent.held.intersection(.consistentRead), shared: shared)
        case .data, .image, .metadata:
            var result = parent
            if role != .data {
                // Metadata changes even when the guest doesn't write, and must not change under us.
                if parentIsWritable { result.held.formUnion([.write, .resize]) }
                result.held.insert(.consistentRead)
                result.shared.remove(.write)
            }
            result.shared.remove(.resize)
            guard role != .metadata else { return result }
            if result.held.contains(.writeUnchanged) { result.held.insert(.write) }
            if result.held.contains(.write) { result.held.insert(.resize) }
            return result
        case .other:
            return Permissions()
        }
    }
}

/// How a node derives from its parents' permissions what it asks of a child.
public typealias PermissionPolicy = @Sendable (ChildContext) -> Permissions
