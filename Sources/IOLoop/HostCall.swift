internal import CLinux
internal import Glibc

/// System calls as Storage needs them: a count or 0, or a negative errno. They block the calling thread; on the loop only those are
/// called that don't wait for a device.
public enum HostCall {
    /// What `fallocate` does to a range.
    public enum Space: Sendable {
        /// Allocates it; the file grows where it ends before the range's end.
        case allocate
        /// Deallocates it; it reads as zeroes. The length stays.
        case punchHole
        /// Makes it read as zeroes, allocated. The length stays.
        case zero
    }

    /// What `fstat` tells.
    public struct Status: Sendable, Equatable {
        /// What the descriptor is open on.
        public enum Kind: Sendable { case regular, blockDevice, characterDevice, directory, other }
        /// What the descriptor is open on.
        public let kind: Kind
        /// A regular file's length in bytes; 0 for devices.
        public let length: Int64
        /// Bytes allocated on the file system.
        public let allocated: Int64
        /// The identity of the file on this host.
        public let device: UInt64
        /// The identity of the file on its device.
        public let inode: UInt64
    }

    /// pread.
    public static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        clinux_pread(descriptor, buffer.baseAddress, buffer.count, offset)
    }

    /// preadv2 with RWF_NOWAIT: what the page cache has, -EAGAIN when it has nothing of it.
    public static func readCached(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        clinux_pread_nowait(descriptor, buffer.baseAddress, buffer.count, offset)
    }

    /// pwrite.
    public static func write(_ descriptor: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64) -> Int {
        clinux_pwrite(descriptor, buffer.baseAddress, buffer.count, offset)
    }

    /// fsync, or fdatasync when `dataOnly`.
    public static func sync(_ descriptor: Int32, dataOnly: Bool) -> Int {
        Int(dataOnly ? clinux_fdatasync(descriptor) : clinux_fsync(descriptor))
    }

    /// Starts to write a range's dirty pages to the device; waits for none of them, but for a place in the device's queue. Says nothing
    /// about their fate: `sync` does.
    public static func startWriteback(_ descriptor: Int32, _ range: Range<Int64>) {
        _ = clinux_start_writeback(descriptor, range.lowerBound, range.upperBound - range.lowerBound)
    }

    /// copy_file_range.
    public static func copyRange(_ from: Int32, at fromOffset: Int64, to: Int32, at toOffset: Int64, count: Int) -> Int {
        clinux_copy_file_range(from, fromOffset, to, toOffset, count)
    }

    /// fallocate.
    public static func allocate(_ descriptor: Int32, _ space: Space, at offset: Int64, count: Int64) -> Int {
        let mode: Int32 =
            switch space {
            case .allocate: 0
            case .punchHole: Int32(CLINUX_FALLOCATE_PUNCH_HOLE | CLINUX_FALLOCATE_KEEP_SIZE)
            case .zero: Int32(CLINUX_FALLOCATE_ZERO_RANGE | CLINUX_FALLOCATE_KEEP_SIZE)
            }
        return Int(clinux_fallocate(descriptor, mode, offset, count))
    }

    /// ftruncate.
    public static func truncate(_ descriptor: Int32, to length: Int64) -> Int { Int(clinux_ftruncate(descriptor, length)) }

    /// lseek; `whence` is SEEK_SET, SEEK_END, SEEK_DATA (3) or SEEK_HOLE (4).
    public static func seek(_ descriptor: Int32, _ offset: Int64, whence: Int32) -> Int64 { clinux_lseek(descriptor, offset, whence) }

    /// open, close-on-exec, `direct` for O_DIRECT: a descriptor or a negative errno. No file has a zero byte in its name; the kernel would
    /// take what stands before it for another file's.
    public static func open(_ path: String, flags: Int32, mode: UInt32 = 0, direct: Bool = false) -> Int32 {
        guard !path.utf8.contains(0) else { return -ENOENT }
        return clinux_open(path, flags, mode, direct)
    }

    /// open below a directory, whose descriptor it is: -EXDEV where the path, or a link on it, would lead out. -ENOSYS from kernels
    /// that cannot promise that.
    public static func open(beneath directory: Int32, _ path: String, flags: Int32, direct: Bool = false) -> Int32 {
        guard !path.utf8.contains(0) else { return -ENOENT }
        return clinux_open_beneath(directory, path, flags, direct)
    }

    /// A descriptor for `open(beneath:)`, or a negative errno.
    public static func openDirectory(_ path: String) -> Int32 {
        guard !path.utf8.contains(0) else { return -ENOENT }
        return clinux_open_directory(path)
    }

    /// The working directory, or nil where it has been removed.
    public static func workingDirectory() -> String? {
        guard let text = getcwd(nil, 0) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// The path without links and dots, or nil where nothing is there.
    public static func resolve(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// Takes O_NONBLOCK away.
    public static func setBlocking(_ descriptor: Int32) { clinux_set_blocking(descriptor) }

    /// A second descriptor of the same open file description, close-on-exec.
    public static func duplicate(_ descriptor: Int32) -> Int32 { clinux_dup(descriptor) }

    /// close; its result tells of nothing that a caller could repair.
    public static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// fstat; nil with the negative errno in `error` when it fails.
    public static func status(_ descriptor: Int32) -> Result<Status, IOLoopError> {
        var host = clinux_status()
        let result = clinux_status(descriptor, &host)
        guard result == 0 else { return .failure(.system(errno: -result)) }
        let kind: Status.Kind =
            host.is_regular
            ? .regular
            : host.is_block_device
                ? .blockDevice
                : host.is_character_device
                    ? .characterDevice
                    : host.is_directory ? .directory : .other
        return .success(
            Status(kind: kind, length: host.length, allocated: host.blocks * 512, device: host.device, inode: host.inode))
    }

    /// Takes (shared), or gives back, the open-file-description lock on one byte.
    public static func lockByte(_ descriptor: Int32, _ offset: Int64, held: Bool) -> Int32 {
        clinux_ofd_lock(descriptor, offset, held ? 1 : 0)
    }

    /// 0 when nobody else holds the byte, -EAGAIN when somebody does.
    public static func testByte(_ descriptor: Int32, _ offset: Int64) -> Int32 { clinux_ofd_test(descriptor, offset) }

    /// Whether the kernel has open-file-description locks.
    public static let hasByteLocks: Bool = clinux_has_ofd_locks()

    /// The alignments that O_DIRECT needs, as the kernel tells them; 0 where it doesn't.
    public static func directAlignment(_ descriptor: Int32) -> (memory: Int, offset: Int) {
        var memory: UInt32 = 0
        var offset: UInt32 = 0
        clinux_direct_alignment(descriptor, &memory, &offset)
        return (Int(memory), Int(offset))
    }

    /// Whether the file lives on a network file system whose O_DIRECT takes any byte range (NFS).
    public static func directNeedsNoAlignment(_ descriptor: Int32) -> Bool { clinux_is_nfs(descriptor) }

    /// Whether the file lives in memory (tmpfs, ramfs).
    public static func isInMemory(_ descriptor: Int32) -> Bool { clinux_is_memory_file_system(descriptor) }

    /// A block device's length in bytes (BLKGETSIZE64), or a negative errno.
    public static func deviceLength(_ descriptor: Int32) -> Int64 {
        var length: UInt64 = 0
        let result = clinux_device_length(descriptor, &length)
        return result < 0 ? Int64(result) : Int64(clamping: length)
    }

    /// A block device's logical block size (BLKSSZGET), or a negative errno.
    public static func deviceLogicalBlock(_ descriptor: Int32) -> Int {
        var size: Int32 = 0
        let result = clinux_device_logical_block(descriptor, &size)
        return Int(result < 0 ? result : size)
    }

    /// Whether a block device is set read-only (BLKROGET).
    public static func deviceIsReadOnly(_ descriptor: Int32) -> Bool {
        var readOnly: Int32 = 0
        return clinux_device_is_read_only(descriptor, &readOnly) == 0 && readOnly != 0
    }

    /// BLKZEROOUT.
    public static func deviceZero(_ descriptor: Int32, at offset: Int64, count: Int64) -> Int {
        Int(clinux_device_zero(descriptor, UInt64(offset), UInt64(count)))
    }

    /// BLKDISCARD.
    public static func deviceDiscard(_ descriptor: Int32, at offset: Int64, count: Int64) -> Int {
        Int(clinux_device_discard(descriptor, UInt64(offset), UInt64(count)))
    }

    /// Turns copy-on-write off for a new file (btrfs).
    public static func setNoCopyOnWrite(_ descriptor: Int32) -> Int { Int(clinux_set_nocow(descriptor)) }

    /// Sets the extent size hint of a new file (XFS).
    public static func setExtentSizeHint(_ descriptor: Int32, _ bytes: UInt32) -> Int {
        Int(clinux_set_extent_size_hint(descriptor, bytes))
    }

    /// Makes writes beyond RLIMIT_FSIZE fail with EFBIG instead of ending the process. Idempotent.
    public static func ignoreFileSizeSignal() { clinux_ignore_file_size_signal() }

    /// Whether copy_file_range may share blocks or copy on the server here (btrfs, XFS, bcachefs, NFS, CIFS, Ceph, OCFS2, overlay on
    /// these). Elsewhere the kernel splices page by page, which costs more than a read and a write through a small buffer.
    public static func sharesCopies(_ descriptor: Int32) -> Bool {
        let magic = clinux_file_system(descriptor)
        let sharing: [UInt64] = [
            0x9123_683E, 0x5846_5342, 0xCA45_1A4E, 0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x00C3_6400, 0x7461_636F, 0x794C_7630,
        ]
        return sharing.contains(magic)
    }

    /// Anonymous zeroed memory at a multiple of `alignment` (a power of two, at least a page); nil when there is none.
    public static func map(_ size: Int, alignment: Int) -> UnsafeMutableRawPointer? { clinux_map(size, alignment) }

    /// Gives memory of `map` its pages in one call instead of at the first touch of each. Where the host cannot, nothing happens.
    public static func fill(_ address: UnsafeMutableRawPointer, _ size: Int) { clinux_fill(address, size) }

    /// Gives memory of `map` back.
    public static func unmap(_ address: UnsafeMutableRawPointer, _ size: Int) { clinux_unmap(address, size) }
}
