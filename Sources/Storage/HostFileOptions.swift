/// How a host file or device is opened.
public struct HostFileOptions: Sendable, Equatable {
    /// What the caller opens; the other kind is refused with a message that names the driver.
    public enum Driver: String, Sendable {
        /// A regular file.
        case file
        /// A block or character device.
        case hostDevice = "host_device"
    }

    /// Whether the file is opened for writing.
    public enum Access: Sendable {
        /// Never.
        case readOnly
        /// At once.
        case readWrite
        /// While somebody needs to write (`prepareLocks`), and read-only before and after.
        case automatic
    }

    /// How requests reach the kernel. All names are accepted, for QEMU has them; the best way is chosen in any case, except that
    /// `threads` keeps a file off the ring.
    public enum AsyncIO: String, Sendable {
        /// The thread pool.
        case threads
        /// Linux AIO in QEMU, and so refused without O_DIRECT; the ring here.
        case native
        /// The ring.
        case ring = "io_uring"
    }

    /// Whether the image is locked against other processes.
    public enum Locking: String, Sendable {
        /// Where the kernel has open-file-description locks.
        case auto
        /// Refused where it has none.
        case on
        /// Never.
        case off
    }

    /// What the caller opens.
    public var driver: Driver
    /// Whether the file is opened for writing.
    public var access: Access
    /// O_DIRECT: past the page cache.
    public var direct: Bool
    /// How requests reach the kernel; nil chooses.
    public var asyncIO: AsyncIO?
    /// Whether the image is locked against other processes.
    public var locking: Locking
    /// Whether `discard` gives space back (otherwise it does nothing).
    public var discard: Bool
    /// The directories that the file must be in; nil is anywhere.
    public var roots: ImageRoots?

    /// Makes options; the defaults are those of `blockdev-add`.
    public init(
        driver: Driver = .file, access: Access = .readWrite, direct: Bool = false, asyncIO: AsyncIO? = nil, locking: Locking = .auto,
        discard: Bool = true
    ) {
        self.driver = driver
        self.access = access
        self.direct = direct
        self.asyncIO = asyncIO
        self.locking = locking
        self.discard = discard
    }
}
