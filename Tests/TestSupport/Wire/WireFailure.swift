/// A test's conversation went wrong: what was expected, and what came instead.
public struct WireFailure: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Makes a failure with the sentence that the test report shows.
    public init(_ description: String) {
        self.description = description
    }
}
