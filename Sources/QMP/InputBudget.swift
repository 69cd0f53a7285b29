/// What all clients together may have the daemon hold of messages that are not complete or not carried out.
///
/// Confined to the control queue.
public final class InputBudget {
    /// The bound in bytes; 256 MiB unless said otherwise.
    public let limit: Int
    /// What is held now.
    public private(set) var used = 0

    /// Makes a budget.
    public init(limit: Int = 256 << 20) { self.limit = limit }

    /// Whether more is held than the bound allows.
    var isExceeded: Bool { used > limit }

    func change(by count: Int) { used += count }
}
