internal import Glibc
public import IOLoop

/// Making files on the host.
public enum HostFile {
    /// Creates a regular file, or empties the one that is there, as `blockdev-create` does, under QEMU's image locks.
    ///
    /// Crash: nothing is flushed but what `.full` writes; a file that is lost with the machine was never used.
    /// - Throws: with QEMU's messages, `Could not create '/path': No such file or directory`.
    public static func create(
        _ path: String, length: Int64, preallocation: Preallocation = .off, noCopyOnWrite: Bool = false, extentSizeHint: UInt64? = nil,
        on thread: isolated IOThread
    ) async throws(BlockError) {
        HostCall.ignoreFileSizeSignal()
        guard (extentSizeHint ?? 0) <= UInt64(UInt32.max) else {
            throw BlockError(.invalidOption, "Extent size hint is too large")
        }
        let hint = UInt32(extentSizeHint ?? 1 << 20)
        let result: Result<Void, BlockError> = await thread.requests.blocking {
            do throws(BlockError) {
                return .success(try make(path, length, preallocation, noCopyOnWrite: noCopyOnWrite, extentSizeHint: hint))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Whether a block or character device is at `path`; what is not there, or outside of `roots`, is none.
    public static func isDevice(_ path: String, within roots: ImageRoots?, on thread: isolated IOThread) async -> Bool {
        await thread.requests.blocking {
            // Neither a FIFO nor a tape is waited for, and no driver is told.
            let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | HostFile.pathOnly
            let descriptor: Int32
            if let roots {
                do throws(BlockError) { descriptor = try roots.open(path, flags: flags, direct: false) } catch { return false }
            } else {
                descriptor = HostCall.open(path, flags: flags)
            }
            guard descriptor >= 0 else { return false }
            defer { HostCall.close(descriptor) }
            guard case .success(let status) = HostCall.status(descriptor) else { return false }
            return status.kind == .blockDevice || status.kind == .characterDevice
        }
    }

    /// O_PATH, which Swift does not import.
    static let pathOnly: Int32 = 0o10000000

    private static func make(
        _ path: String, _ length: Int64, _ preallocation: Preallocation, noCopyOnWrite: Bool, extentSizeHint: UInt32
    ) throws(BlockError) {
        let descriptor = HostCall.open(path, flags: O_RDWR | O_CREAT | O_NOCTTY, mode: 0o644)
        guard descriptor >= 0 else { throw .system(-descriptor, "Could not create '\(path)'") }
        let file = OpenFile(descriptor: descriptor, isWritable: true, isDirect: false)
        defer { withExtendedLifetime(file) {} }
        // The length is promised, so nobody else may resize meanwhile. Locks before the truncation: an image that somebody uses is not
        // emptied.
        let locks = ImageLocks(held: [.write, .resize], shared: LockSet.all.subtracting(.resize))
        defer { if HostCall.hasByteLocks { ImageLocks.release(downTo: ImageLocks(), from: locks, on: file.descriptor) } }
        if HostCall.hasByteLocks {
            try ImageLocks.acquire(locks, over: ImageLocks(), on: file.descriptor)
            try ImageLocks.check(locks, on: file.descriptor, path: path)
        }
        try FileLength.set(file.descriptor, to: 0, preallocation: .off)
        // Hints both: a file system without them is none the worse.
        if noCopyOnWrite { _ = HostCall.setNoCopyOnWrite(file.descriptor) }
        if extentSizeHint > 0 { _ = HostCall.setExtentSizeHint(file.descriptor, extentSizeHint) }
        try FileLength.set(file.descriptor, to: length, preallocation: preallocation)
    }
}
