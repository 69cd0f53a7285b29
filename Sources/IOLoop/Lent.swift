/// Memory lent to a blocking call for as long as the lender awaits it.
///
/// Unchecked: the lender suspends until the call has returned, so the two never touch the memory at the same time.
public struct Lent<Value>: @unchecked Sendable {
    /// What is lent.
    public let value: Value

    /// Lends `value`.
    public init(_ value: Value) { self.value = value }
}
