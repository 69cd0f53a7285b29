/// What was found wrong in an image that is open: the contents of BLOCK_IMAGE_CORRUPTED.
public struct CorruptionReport: Sendable, Equatable {
    /// What is wrong, in QEMU's words.
    public let message: String
    /// Where in the file, when a range of it is concerned.
    public let offset: Int64?
    /// Bytes of that range.
    public let size: Int64?
    /// Whether the image was marked as corrupt, and is not written to any more.
    public let isFatal: Bool
}
