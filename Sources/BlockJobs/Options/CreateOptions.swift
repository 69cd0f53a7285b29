public import BlockGraph
public import Storage

/// What `blockdev-create` asks for.
public struct CreateOptions: Sendable, Equatable {
    /// The job's id.
    public var id: String
    /// What to create.
    public var image: Image

    /// An image that does not exist yet.
    public enum Image: Sendable, Equatable {
        /// A file on the host.
        case file(File)
        /// A qcow2 image in a node.
        case qcow2(NewQcow2Image)
        /// A driver, by its name on the wire, whose images this daemon does not create.
        case other(driver: String)
    }

    /// A file on the host. One that exists is emptied first, unless another process has it locked.
    public struct File: Sendable, Equatable {
        /// Where.
        public var path: String
        /// Its length in bytes; a negative one fails the job.
        public var size: Int64
        /// How its space is provided.
        public var preallocation: Preallocation
        /// Asks the file system not to copy on write (btrfs).
        public var noCopyOnWrite: Bool
        /// How much the file system allocates at a time (XFS); nil is 1 MiB.
        public var extentSizeHint: UInt64?

        /// Makes options; the defaults are those of the wire.
        public init(
            path: String, size: Int64, preallocation: Preallocation = .off, noCopyOnWrite: Bool = false, extentSizeHint: UInt64? = nil
        ) {
            self.path = path
            self.size = size
            self.preallocation = preallocation
            self.noCopyOnWrite = noCopyOnWrite
            self.extentSizeHint = extentSizeHint
        }
    }

    /// Makes options.
    public init(id: String, image: Image) {
        self.id = id
        self.image = image
    }
}
