internal import Glibc

/// Why an operation on bytes failed: a kind to decide on, and one sentence for a person.
public struct BlockError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The few things that a caller may want to tell apart.
    public enum Kind: Sendable, Equatable {
        /// The host refused with this `errno` value (positive: EIO is 5).
        case system(errno: Int32)
        /// The range lies outside of the bytes.
        case outOfBounds
        /// The node or file may only be read.
        case readOnly
        /// This storage, format or kernel cannot do it; a caller with a fallback takes it.
        case unsupported
        /// An option's value is wrong, or options contradict each other.
        case invalidOption
        /// Another user, here or in another process, holds what was asked for.
        case inUse
        /// The image contradicts its own format.
        case invalidImage
    }

    /// What to decide on.
    public let kind: Kind
    /// One sentence without a full stop, fit for QMP's `desc`.
    public let message: String
    /// Advice for a person at a terminal. It is no part of QMP's `desc`.
    public let hint: String?

    /// Makes an error; `message` is one sentence without a full stop.
    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    /// What a person reads.
    public var description: String { message }

    /// What the host's `errno` says, in the C library's words: `No space left on device`. With `context`: `Could not open 'x': ...`.
    public static func system(_ errno: Int32, _ context: String? = nil) -> BlockError {
        let reason = strerror(errno).map { String(cString: $0) } ?? "Unknown error \(errno)"
        return BlockError(.system(errno: errno), context.map { "\($0): \(reason)" } ?? reason)
    }

    /// The same error with what was being done in front: `Could not open 'x': ...`.
    public func within(_ context: String) -> BlockError { BlockError(kind, "\(context): \(message)", hint: hint) }
}
