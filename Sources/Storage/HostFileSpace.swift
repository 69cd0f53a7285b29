internal import Glibc
internal import IOLoop

extension HostFileStorage {
    /// Zeroes by the file system or the device where they can, else by writing.
    ///
    /// Crash: until a flush any mix of old bytes and zeroes may be found, as after a write.
    func zeroBytes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        let file = try writableFile(for: offset, count)
        guard count > 0 else { return }
        defer { contentChanged() }
        let isDone =
            isDevice
            ? try await zeroDevice(file, at: offset, count: count, mayUnmap: flags.contains(.mayUnmap))
            : try await zeroRegular(file, at: offset, count: count, mayUnmap: flags.contains(.mayUnmap))
        if !isDone {
            if flags.contains(.noFallback) { throw BlockError(.unsupported, "'\(path)' cannot zero without writing") }
            try await writeZeroBuffers(at: offset, count: count)
        }
        if flags.contains(.forceUnitAccess) { try await flush() }
    }

    /// - Returns: whether the range now reads as zeroes; false when the file system has no way.
    private func zeroRegular(_ file: OpenFile, at offset: Int64, count: Int64, mayUnmap: Bool) async throws(BlockError) -> Bool {
        let end = offset + count
        if mayUnmap && abilities.punchHole {
            // A hole lengthens no file, so the length comes first, by a write inside of the range. Never by ftruncate: it would cut off
            // what another request has written beyond `end` meanwhile.
            if end > knownLength { try await writeLastBlock(file, end: end) }
            if try await space(file, .punchHole, at: offset, count: count, ability: \.punchHole) { return true }
        }
        if abilities.zeroRange, end <= knownLength,
            try await space(file, .zero, at: offset, count: count, ability: \.zeroRange)
        {
            return true
        }
        // tmpfs zeroes no ranges. Between the two steps the range reads as zeroes already.
        if !mayUnmap && abilities.punchHole && abilities.allocate {
            if try await space(file, .punchHole, at: offset, count: count, ability: \.punchHole),
                try await space(file, .allocate, at: offset, count: count, ability: \.allocate)
            {
                knownLength = max(knownLength, end)
                return true
            }
        }
        return false
    }

    /// Makes the file reach `end` with zeroes there.
    private func writeLastBlock(_ file: OpenFile, end: Int64) async throws(BlockError) {
        let unit = limits.requestAlignment
        let zeroes = BufferPool.shared.buffer(max(unit, 1))
        zeroes.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        try await writeBytes(at: end - Int64(unit), from: zeroes.contents, flags: [])
    }

    private func zeroDevice(_ file: OpenFile, at offset: Int64, count: Int64, mayUnmap: Bool) async throws(BlockError) -> Bool {
        let inner = try await zeroEdges(file, at: offset, count: count)
        guard let inner else { return true }
        if mayUnmap && abilities.punchHole {
            if try await space(file, .punchHole, at: inner.offset, count: inner.count, ability: \.punchHole) { return true }
        }
        guard abilities.deviceZero else { return false }
        return try await attempt(\.deviceZero) {
            HostCall.deviceZero(file.descriptor, at: inner.offset, count: inner.count)
        }
    }

    /// Devices zero whole sectors: writes the partial ones at both ends.
    /// - Returns: what lies between them, nil when nothing does.
    private func zeroEdges(_ file: OpenFile, at offset: Int64, count: Int64) async throws(BlockError) -> (offset: Int64, count: Int64)? {
        let sector = Int64(max(512, HostCall.deviceLogicalBlock(file.descriptor)))
        let end = offset + count
        let start = (offset + sector - 1) / sector * sector
        let stop = end / sector * sector
        guard start < stop else {
            try await writeZeroBuffers(at: offset, count: count)
            return nil
        }
        if start > offset { try await writeZeroBuffers(at: offset, count: start - offset) }
        if stop < end { try await writeZeroBuffers(at: stop, count: end - stop) }
        return (start, stop - start)
    }

    private func writeZeroBuffers(at offset: Int64, count: Int64) async throws(BlockError) {
        let zeroes = BufferPool.shared.buffer(Int(min(count, 1 << 20)))
        zeroes.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var done: Int64 = 0
        while done < count {
            let part = Int(min(Int64(zeroes.bytes.count), count - done))
            try await writeBytes(at: offset + done, from: UnsafeRawBufferPointer(zeroes.prefix(part)), flags: [])
            done += Int64(part)
        }
    }

    func discardBytes(at offset: Int64, count: Int64) async throws(BlockError) {
        let file = try writableFile(for: offset, count)
        guard options.discard, count > 0 else { return }
        defer { contentChanged() }
        guard isDevice else {
            // Beyond the end there is nothing to give back.
            let end = min(offset + count, knownLength)
            guard offset < end else { return }
            if abilities.punchHole,
                try await space(file, .punchHole, at: offset, count: end - offset, ability: \.punchHole)
            {
                return
            }
            throw BlockError(.unsupported, "discard is not supported")
        }
        let sector = Int64(max(512, HostCall.deviceLogicalBlock(file.descriptor)))
        let start = (offset + sector - 1) / sector * sector
        let stop = (offset + count) / sector * sector
        guard start < stop else { return }
        let isDone =
            abilities.deviceDiscard
            ? try await attempt(\.deviceDiscard) { HostCall.deviceDiscard(file.descriptor, at: start, count: stop - start) }
            : false
        if !isDone { throw BlockError(.unsupported, "discard is not supported") }
    }

    private func space(
        _ file: OpenFile, _ kind: HostCall.Space, at offset: Int64, count: Int64, ability: WritableKeyPath<Abilities, Bool>
    ) async throws(BlockError) -> Bool {
        try await attempt(ability) { HostCall.allocate(file.descriptor, kind, at: offset, count: count) }
    }

    /// - Returns: true when the call worked, false when the host has no such thing, which is remembered in `ability`.
    private func attempt(
        _ ability: WritableKeyPath<Abilities, Bool>, _ call: @escaping @Sendable () -> Int
    ) async throws(BlockError) -> Bool {
        changesOnPool += 1
        defer { changesOnPool -= 1 }
        let result = await requests.blocking(call)
        switch Int32(-result) {
        case ...0: return true
        case EOPNOTSUPP, ENOSYS, ENOTTY, EPERM, EINVAL, ENODEV:
            abilities[keyPath: ability] = false
            return false
        case let errno: throw .system(errno)
        }
    }
}
