internal import Storage

extension Qcow2Image {
    /// Gives every guest cluster of a range beyond the disk's end, which is mapped to nothing, space of its own that reads as zeroes.
    ///
    /// Crash safety is that of every write: the write-back before the new length has refcounts, then zeroes, then tables on disk.
    func preallocate(_ range: Range<Int64>, _ mode: Preallocation, _ state: WriteState) async throws(BlockError) {
        let bits = Int64(geometry.clusterBits)
        let sliceBytes = Int64(1) << Int64(sliceBits + geometry.clusterBits)
        var position = range.lowerBound
        while position < range.upperBound {
            let end = min(range.upperBound, (position / sliceBytes + 1) * sliceBytes)
            do throws(BlockError) {
                try await preallocate(GuestOffset(position), ClusterCount((end - position) >> bits), mode, state)
            } catch {
                throw error.within("Could not preallocate the new area")
            }
            position = end
        }
    }

    /// The same for clusters within one slice.
    private func preallocate(
        _ guest: GuestOffset, _ count: ClusterCount, _ mode: Preallocation, _ state: WriteState
    ) async throws(BlockError) {
        let host: HostOffset
        if reader.hasDataFile {
            host = HostOffset(guest.bytes)
        } else {
            host = try await allocate(count, state)
        }
        do throws(BlockError) {
            if !reader.hasDataFile { try await provideSpace(host, geometry.bytes(of: count), mode) }
            let slice = try await writableSlice(guest, state)
            // Where a backing file is longer it must not show in subclusters that are not allocated.
            let zero: UInt32 = (backing?.length ?? 0) > guest.bytes ? .max : 0
            for position in 0..<Int(count.value) {
                let place = host + Int64(position) << Int64(geometry.clusterBits)
                let entry: L2Entry =
                    geometry.hasSubclusters
                    ? .subclusters(place, isCopied: true, allocated: 0, zero: zero) : .data(place, isCopied: true)
                entry.store(slice.bytes, at: sliceIndex(guest) + position, hasSubclusters: geometry.hasSubclusters)
            }
            l2Cache.markDirty(slice)
            state.needsBarrier = true
        } catch {
            if !reader.hasDataFile { await abandon(host, count, state) }
            throw error
        }
    }

    /// Makes a range of the file read as zeroes, with as much space behind it as the mode asks for.
    private func provideSpace(_ place: HostOffset, _ bytes: Int64, _ mode: Preallocation) async throws(BlockError) {
        let present = min(file.length, place.bytes + bytes) - place.bytes
        if present > 0 {
            try await file.writeZeroes(at: place.bytes, count: present, flags: mode == .metadata ? .mayUnmap : [])
        }
        if file.length < place.bytes + bytes {
            try await file.truncate(to: place.bytes + bytes, preallocation: mode == .metadata ? .off : mode)
        }
    }
}
