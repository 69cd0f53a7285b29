internal import Glibc
internal import IOLoop

extension HostFileStorage {
    /// The node layer has drained: nothing else is in flight.
    func resize(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        guard length >= 0 else { throw BlockError(.invalidOption, "A length cannot be negative") }
        let file = try writableFile(for: 0, 0)
        if isDevice {
            guard preallocation == .off else {
                throw BlockError(
                    .unsupported, "Preallocation mode '\(preallocation.rawValue)' unsupported for this non-regular file")
            }
            try learnDeviceLength(file)
            if length > knownLength { throw BlockError(.unsupported, "Cannot grow device files") }
            if length < knownLength { throw BlockError(.unsupported, "Cannot resize device files") }
            return
        }
        changesOnPool += 1
        defer {
            changesOnPool -= 1
            contentChanged()
        }
        let result: Result<Int64, BlockError> = await requests.blocking {
            do throws(BlockError) {
                try FileLength.set(file.descriptor, to: length, preallocation: preallocation)
                return .success(length)
            } catch {
                return .failure(error)
            }
        }
        knownLength = try result.get()
    }
}

/// Sets the length of a regular file, with QEMU's messages. Blocks: belongs on the pool.
enum FileLength {
    static func set(_ descriptor: Int32, to length: Int64, preallocation: Preallocation) throws(BlockError) {
        let before: Int64
        switch HostCall.status(descriptor) {
        case .success(let status): before = status.length
        case .failure(.system(let errno)): throw .system(errno, "Could not stat file")
        }
        if before > length && preallocation != .off {
            throw BlockError(.unsupported, "Cannot use preallocation for shrinking files")
        }
        switch preallocation {
        case .off:
            try check(HostCall.truncate(descriptor, to: length), "Could not resize file")
            // O_DIRECT alignment is probed by reading, which tells nothing in a hole. A failure harms nobody.
            if before == 0 && length > 0 { writeFirstBlock(descriptor, length) }
        case .metadata:
            throw BlockError(.unsupported, "Unsupported preallocation mode: metadata")
        case .falloc, .full:
            do throws(BlockError) {
                if preallocation == .falloc {
                    try reserve(descriptor, from: before, to: length)
                } else {
                    try fill(descriptor, from: before, to: length)
                }
            } catch {
                // The caller is told that nothing happened; a length that remained would contradict it.
                _ = HostCall.truncate(descriptor, to: before)
                throw error
            }
        }
    }

    private static func reserve(_ descriptor: Int32, from before: Int64, to length: Int64) throws(BlockError) {
        guard length > before else { return }
        let result = HostCall.allocate(descriptor, .allocate, at: before, count: length - before)
        if result == -Int(EOPNOTSUPP) { return try fill(descriptor, from: before, to: length) }
        try check(result, "Could not preallocate new data")
        if before == 0 { writeFirstBlock(descriptor, length) }
    }

    private static func fill(_ descriptor: Int32, from before: Int64, to length: Int64) throws(BlockError) {
        // The final length first: the file system may then lay the file out in one piece.
        try check(HostCall.truncate(descriptor, to: length), "Could not resize file")
        let zeroes = BufferPool.shared.buffer(Int(min(1 << 20, max(0, length - before))))
        zeroes.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var position = before
        while position < length {
            let part = zeroes.prefix(Int(min(Int64(zeroes.bytes.count), length - position)))
            let result = HostCall.write(descriptor, from: UnsafeRawBufferPointer(part), at: position)
            if result == -Int(EINTR) { continue }
            try check(result == 0 ? -Int(ENOSPC) : result, "Could not write zeros for preallocation")
            position += Int64(result)
        }
        try check(HostCall.sync(descriptor, dataOnly: false), "Could not flush file to disk")
    }

    private static func writeFirstBlock(_ descriptor: Int32, _ length: Int64) {
        let block = BufferPool.shared.buffer(Int(min(4096, length)))
        block.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        _ = HostCall.write(descriptor, from: block.contents, at: 0)
    }

    private static func check(_ result: Int, _ context: String) throws(BlockError) {
        if result < 0 { throw .system(Int32(-result), context) }
    }
}
