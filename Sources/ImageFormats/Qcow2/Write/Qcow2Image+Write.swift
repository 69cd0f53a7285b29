public import Storage

extension Qcow2Image {
    /// Writes all of `buffer` to the virtual disk at `offset`.
    ///
    /// After a failure each sector in the range has its old contents or its new ones, and nothing outside of it has changed.
    /// - Throws: `.outOfBounds` past the end; `.readOnly`; what the storages throw; EIO when the image proves to be damaged.
    public func write(at offset: GuestOffset, from buffer: UnsafeRawBufferPointer, flags: WriteFlags = []) async throws(BlockError) {
        try checkWritable()
        if needsBitmapClaim { try await claimBitmaps() }
        try checkRange(offset, Int64(buffer.count))
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        let state: WriteState
        if let writeState { state = writeState } else { state = try await writing() }
        // Most writes go to one run in place whose metadata is cached: one await for those.
        if let host = wholeInPlace(offset, buffer.count), state.places.overlap(host, bytes: Int64(buffer.count)) == nil {
            file.note(.writeAio)
            try await dataStorage.write(at: host.bytes, from: buffer, flags: [])
        } else {
            try await writeRuns(at: offset, from: buffer, state)
        }
        if flags.contains(.forceUnitAccess) { try await flush() }
    }

    /// - Throws: `.outOfBounds` for a range that leaves the virtual disk.
    func checkRange(_ offset: GuestOffset, _ count: Int64) throws(BlockError) {
        guard offset.bytes >= 0, count >= 0, offset.bytes <= length, count <= length - offset.bytes else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of the image")
        }
    }

    /// Where all `count` bytes can be written in place, if the metadata that says so is in memory.
    @inline(__always)
    private func wholeInPlace(_ offset: GuestOffset, _ count: Int) -> HostOffset? {
        let table = l1[geometry.l1Index(offset)]
        guard count > 0, table.hasTable, let slice = l2Cache.cached(sliceOffset(of: table.table, offset)) else { return nil }
        let place = reader.writePlace(in: slice.contents, at: sliceIndex(offset), offset, limit: count)
        guard case .inPlace(let host, let length) = place, length == count else { return nil }
        return host
    }

    /// Writes run by run, without a look at the disk's length: what lies past it is the state of a virtual machine.
    func writeRuns(at offset: GuestOffset, from buffer: UnsafeRawBufferPointer, _ state: WriteState) async throws(BlockError) {
        var done = 0
        do throws(BlockError) {
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                done += try await writeRun(at: offset + Int64(done), from: rest, state)
            }
        } catch {
            throw await reported(error)
        }
    }

    /// Writes the first run of `buffer`.
    /// - Returns: how many bytes that were; 0 when something was in the way that is gone now.
    private func writeRun(at offset: GuestOffset, from buffer: UnsafeRawBufferPointer, _ state: WriteState) async throws(BlockError) -> Int
    {
        let slice = try await writableSlice(offset, state)
        switch reader.writePlace(in: slice.contents, at: sliceIndex(offset), offset, limit: buffer.count) {
        case .inPlace(let host, let length):
            try await checkOverlap(host, bytes: Int64(length), inDataFile: true, state)
            file.note(.writeAio)
            try await dataStorage.write(at: host.bytes, from: UnsafeRawBufferPointer(rebasing: buffer[..<length]), flags: [])
            return length
        case .change(let run):
            return try await writeClaimed(run, at: offset, from: buffer, state)
        case .fault(let fault):
            throw await reportFault(fault, at: offset)
        }
    }

    /// Says what is wrong with the entry for `offset`, and marks the image.
    func reportFault(_ fault: L2Fault, at offset: GuestOffset) async -> BlockError {
        await signalCorruption(fault.message(table: l1[geometry.l1Index(offset)].table, index: sliceIndex(offset)))
    }

    /// Writes to clusters whose mapping changes, as far as nobody else is changing it.
    private func writeClaimed(
        _ run: ClusterRun, at offset: GuestOffset, from buffer: UnsafeRawBufferPointer, _ state: WriteState
    ) async throws(BlockError) -> Int {
        let first = run.first.bytes >> Int64(geometry.clusterBits)
        let clusters = first..<first + Int64(run.count)
        if let held = state.claims.first(overlapping: clusters) {
            // Its end changes what this one looked at.
            await state.claims.wait(for: held)
            return 0
        }
        let claim = state.claims.claim(clusters)
        defer { state.claims.release(claim) }
        let end = run.first.bytes + Int64(run.count) << Int64(geometry.clusterBits)
        let length = min(buffer.count, Int(end - offset.bytes))
        try await writeChanging(run, at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[..<length]), state)
        return length
    }
}
