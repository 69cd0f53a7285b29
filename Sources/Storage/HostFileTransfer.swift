internal import Glibc
internal import IOLoop

extension HostFileStorage {
    /// Up to here memory is tried inline: what the loop's other users wait for is then at most 20 us.
    private static let inlineLimit = 128 << 10

    /// The last partial sector may be addressed as a whole (formats and jobs count in sectors): reads see zeroes, a write extends the file.
    private var addressableLength: Int64 {
        let unit = Int64(max(512, limits.requestAlignment))
        return (knownLength + unit - 1) / unit * unit
    }

    func readBytes(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard offset >= 0, offset <= addressableLength, Int64(buffer.count) <= addressableLength - offset else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of '\(path)'")
        }
        let file = try file()
        guard file.isDirect, !isAligned(buffer.baseAddress) else { return try await readAligned(file, at: offset, into: buffer) }
        let step = min(buffer.count, 1 << 20)
        let bounce = BufferPool.shared.buffer(step)
        var done = 0
        while done < buffer.count {
            let part = bounce.prefix(min(step, buffer.count - done))
            try await readAligned(file, at: offset + Int64(done), into: part)
            UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).copyMemory(from: UnsafeRawBufferPointer(part))
            done += part.count
        }
    }

    private func isAligned(_ address: UnsafeRawPointer?) -> Bool {
        UInt(bitPattern: address) & UInt(limits.memoryAlignment - 1) == 0
    }

    /// Continues short reads. A read that ends inside of a block (O_DIRECT), or returns nothing, has met the end of the file: the rest is
    /// zeroes.
    private func readAligned(
        _ file: OpenFile, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) async throws(BlockError) {
        assertAligned(offset, buffer.count)
        // A descriptor that a request names stays open for it, even if `commitLocks` replaces the file meanwhile.
        defer { withExtendedLifetime(file) {} }
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let result = await readSome(file, at: offset + Int64(done), into: rest)
            if result == -Int(EINTR) { continue }
            guard result >= 0 else { throw .system(Int32(-result)) }
            done += result
            let endsInBlock = file.isDirect && done & (limits.requestAlignment - 1) != 0
            if result == 0 || (endsInBlock && done < buffer.count) {
                let zeroes = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                zeroes.initializeMemory(as: UInt8.self, repeating: 0)
                return
            }
        }
    }

    private func readSome(_ file: OpenFile, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async -> Int {
        let lent = Lent(buffer)
        if file.isDirect {
            return await onRing(
                { await requests.read(file.descriptor, into: buffer, at: offset) },
                orElse: { HostCall.read(file.descriptor, into: lent.value, at: offset) })
        }
        if buffer.count > Self.inlineLimit {
            return await requests.blocking { HostCall.read(file.descriptor, into: lent.value, at: offset) }
        }
        if let result = readInline(file, at: offset, into: buffer) {
            await letOthersRun(after: buffer.count)
            return result
        }
        return await onRing(
            { await requests.read(file.descriptor, into: buffer, at: offset) },
            orElse: { HostCall.read(file.descriptor, into: lent.value, at: offset) })
    }

    /// What a read of a buffered file comes to that is made here and now; nil when it would have to wait for a device.
    private func readInline(_ file: OpenFile, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        if file.isInMemory { return HostCall.read(file.descriptor, into: buffer, at: offset) }
        guard abilities.cachedReads else { return nil }
        let result = HostCall.readCached(file.descriptor, into: buffer, at: offset)
        if result >= 0 || (result != -Int(EAGAIN) && result != -Int(EOPNOTSUPP)) { return result }
        // Some file systems and all old kernels have no such reads.
        if result == -Int(EOPNOTSUPP) { abilities.cachedReads = false }
        return nil
    }

    /// What is moved inline in one turn at most: a request in many pieces must not hold the loop from beginning to end.
    private static let inlineTurn = 1 << 20

    private func letOthersRun(after count: Int) async {
        inlineBytes += count
        guard inlineBytes >= Self.inlineTurn else { return }
        inlineBytes = 0
        await Task.yield()
    }

    /// Fills `buffer` if the page cache has all of it, and enough of this turn is left.
    func readBytesNow(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let current, !current.isDirect, buffer.count <= Self.inlineLimit, offset >= 0, offset <= knownLength - Int64(buffer.count),
            inlineBytes < Self.inlineTurn
        else { return false }
        inlineBytes += buffer.count
        return readInline(current, at: offset, into: buffer) == buffer.count
    }

    func writeBytes(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        let file = try writableFile(for: offset, Int64(buffer.count))
        defer { contentChanged() }
        if file.isDirect && !isAligned(buffer.baseAddress) {
            let step = min(buffer.count, 1 << 20)
            let bounce = BufferPool.shared.buffer(step)
            var done = 0
            while done < buffer.count {
                let part = bounce.prefix(min(step, buffer.count - done))
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[done..<done + part.count]))
                try await writeAligned(file, at: offset + Int64(done), from: UnsafeRawBufferPointer(part))
                done += part.count
            }
        } else {
            try await writeAligned(file, at: offset, from: buffer)
        }
        // After the data, never before: a crash in between finds the data unflushed, which is what the caller was told until now.
        if flags.contains(.forceUnitAccess) { try await flush() }
    }

    /// Continues short writes. Where it fails part of the range may have been written, as a device's failed write may have.
    private func writeAligned(_ file: OpenFile, at offset: Int64, from buffer: UnsafeRawBufferPointer) async throws(BlockError) {
        assertAligned(offset, buffer.count)
        // A descriptor that a request names stays open for it, even if `commitLocks` replaces the file meanwhile.
        defer { withExtendedLifetime(file) {} }
        var done = 0
        while done < buffer.count {
            let lent = Lent(UnsafeRawBufferPointer(rebasing: buffer[done...]))
            let position = offset + Int64(done)
            let result = await writeSome(file, at: position, from: lent)
            if result == -Int(EINTR) { continue }
            guard result >= 0 else { throw .system(Int32(-result)) }
            // A file system that takes nothing and reports nothing is full.
            guard result > 0 else { throw .system(ENOSPC) }
            done += result
            // The length grows with every part that landed, so that a failed write leaves it as it is on the host.
            if !isDevice { knownLength = max(knownLength, position + Int64(result)) }
        }
    }

    private func writeSome(_ file: OpenFile, at offset: Int64, from buffer: Lent<UnsafeRawBufferPointer>) async -> Int {
        if file.isDirect && usesRing {
            return await onRing(
                { await requests.write(file.descriptor, from: buffer.value, at: offset) },
                orElse: { HostCall.write(file.descriptor, from: buffer.value, at: offset) })
        }
        if file.isInMemory && changesOnPool == 0 && buffer.value.count <= Self.inlineLimit {
            let result = HostCall.write(file.descriptor, from: buffer.value, at: offset)
            await letOthersRun(after: buffer.value.count)
            return result
        }
        changesOnPool += 1
        defer { changesOnPool -= 1 }
        let call: @Sendable () -> Int = { HostCall.write(file.descriptor, from: buffer.value, at: offset) }
        return isDevice || file.isDirect ? await requests.blocking(call) : await requests.blocking(in: writes, call)
    }

    /// A regular file grows by writing beyond its end; a device does not, but others may have grown it.
    /// - Throws: ENOSPC beyond the end of a device, as the kernel says it: a job stops there, and goes on when the device has grown.
    func writableFile(for offset: Int64, _ count: Int64) throws(BlockError) -> OpenFile {
        let file = try file()
        guard file.isWritable else { throw BlockError(.readOnly, "'\(path)' is open read-only") }
        let end = offset.addingReportingOverflow(count)
        guard offset >= 0, count >= 0, !end.overflow else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of '\(path)'")
        }
        guard isDevice, end.partialValue > knownLength else { return file }
        try learnDeviceLength(file)
        guard end.partialValue <= knownLength else { throw .system(ENOSPC) }
        return file
    }

    /// Asks the device for its length, which others may change.
    func learnDeviceLength(_ file: OpenFile) throws(BlockError) {
        if case .success(let status) = HostCall.status(file.descriptor) { knownLength = try Opened.length(of: file, status) }
    }

    private func assertAligned(_ offset: Int64, _ count: Int) {
        assert(
            offset & Int64(limits.requestAlignment - 1) == 0 && count & (limits.requestAlignment - 1) == 0,
            "the node layer aligns requests")
    }

    /// After every change, successful or not: what was known about extents is no more. At the end of the operation and not at its start,
    /// since a lookup that runs beside it may have seen the state before.
    func contentChanged() { extents.invalidate() }
}
