internal import Glibc
internal import IOLoop

/// One open file description, closed with its last reference: a request that is in flight holds it, so a reopened file never lends its
/// descriptor's number to somebody else under a request. Its image locks go with it.
final class OpenFile: Sendable {
    let descriptor: Int32
    let isWritable: Bool
    let isDirect: Bool
    /// Whether it is a file in a file system in memory.
    let isInMemory: Bool

    init(descriptor: Int32, isWritable: Bool, isDirect: Bool, isDevice: Bool = false) {
        self.descriptor = descriptor
        isInMemory = !isDevice && HostCall.isInMemory(descriptor)
        self.isWritable = isWritable
        self.isDirect = isDirect
    }

    deinit { HostCall.close(descriptor) }

    /// Opens `path`; blocks, so it belongs on the pool.
    /// - Parameter roots: the directories that it must be in; nil is anywhere.
    /// - Parameter isDevice: what the caller expects. Whatever is at the path, opening it does not wait: a FIFO, which is refused afterwards, would
    ///   wait for its other end for ever, a terminal for its line. Only a block device is opened to be waited for, since one without a medium
    ///   would be taken otherwise.
    static func open(_ path: String, within roots: ImageRoots?, writable: Bool, direct: Bool, isDevice: Bool) throws(BlockError) -> OpenFile
    {
        let waits = isDevice ? isBlockDevice(path, within: roots) : false
        let flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | (waits ? 0 : O_NONBLOCK)
        let descriptor: Int32
        if let roots {
            descriptor = try roots.open(path, flags: flags, direct: direct)
            guard descriptor >= 0 else { throw .system(-descriptor, "Could not open '\(path)'") }
        } else {
            descriptor = HostCall.open(path, flags: flags, direct: direct)
            guard descriptor >= 0 else { throw openError(path, errno: -descriptor, flags: flags, direct: direct) }
        }
        if !waits { HostCall.setBlocking(descriptor) }
        let file = OpenFile(descriptor: descriptor, isWritable: writable, isDirect: direct, isDevice: isDevice)
        // A device that blockdev(8) made read-only opens for writing all the same; its writes would fail later.
        if writable && HostCall.deviceIsReadOnly(descriptor) { throw .system(EACCES, "The device is not writable") }
        return file
    }

    /// What is at the path, without opening it.
    private static func isBlockDevice(_ path: String, within roots: ImageRoots?) -> Bool {
        let descriptor: Int32
        if let roots {
            do throws(BlockError) { descriptor = try roots.open(path, flags: HostFile.pathOnly, direct: false) } catch { return false }
        } else {
            descriptor = HostCall.open(path, flags: HostFile.pathOnly)
        }
        guard descriptor >= 0 else { return false }
        defer { HostCall.close(descriptor) }
        guard case .success(let status) = HostCall.status(descriptor) else { return false }
        return status.kind == .blockDevice
    }

    private static func openError(_ path: String, errno: Int32, flags: Int32, direct: Bool) -> BlockError {
        if errno == EINVAL && direct {
            let other = HostCall.open(path, flags: flags)
            if other >= 0 {
                HostCall.close(other)
                return BlockError(.system(errno: errno), "Could not open '\(path)': filesystem does not support O_DIRECT")
            }
        }
        return .system(errno, "Could not open '\(path)'")
    }
}
