/// A chardev as an object of the tree that `qom-get` reads.
public struct ChardevObject: Sendable {
    /// What is at its other end.
    public enum Kind: Sendable {
        /// A Unix socket by its path, as it was given, and whether somebody is connected by it now.
        case path(String, isConnected: @Sendable () -> Bool)
        /// A socket that was passed.
        case descriptor(Int32, isConnected: @Sendable () -> Bool)
        /// Standard input and output.
        case standardStreams
    }

    let id: String
    let kind: Kind

    /// Describes the chardev of this id.
    public init(id: String, _ kind: Kind) {
        self.id = id
        self.kind = kind
    }
}
