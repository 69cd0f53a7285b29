/// What a driver can tell of its image beside the length.
public struct ImageDetails: Sendable, Equatable {
    /// Whether the image was not closed cleanly; nil where that means nothing.
    public var isDirty: Bool?
    /// The unit of allocation in bytes; nil where there is none.
    public var clusterSize: Int64?
    /// The backing file's name as it stands in the image.
    public var backingFilename: String?
    /// The same, as it is opened.
    public var fullBackingFilename: String?
    /// The backing file's format as it stands in the image.
    public var backingFormat: String?

    /// Nothing known.
    public init() {}

    /// What a node that shows this image as its own tells of it.
    var ofAnImageBelow: ImageDetails {
        var details = ImageDetails()
        details.isDirty = isDirty
        details.clusterSize = clusterSize
        return details
    }
}
