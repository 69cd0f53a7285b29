public import Jobs
public import Storage

/// Why a job was not started, or a transaction not carried out.
public struct BlockJobError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Which class of error clients see; libvirt and others decide by it.
    public enum Kind: Sendable, Equatable {
        /// GenericError.
        case generic
        /// DeviceNotFound.
        case deviceNotFound
        /// DeviceNotActive.
        case deviceNotActive
    }

    /// What to decide on.
    public let kind: Kind
    /// One sentence without a full stop, fit for QMP's `desc`.
    public let message: String

    /// Makes an error; `message` is one sentence without a full stop.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A refusal without a class of its own.
    public init(_ message: String) { self.init(.generic, message) }

    /// A node's, or the graph's, refusal.
    public init(_ error: BlockError) {
        self.init(.generic, error.message)
    }

    /// The registry's refusal.
    public init(_ error: JobError) {
        self.init(error.kind == .blockJobNotFound ? .deviceNotActive : .generic, error.message)
    }

    /// What a person reads.
    public var description: String { message }
}
