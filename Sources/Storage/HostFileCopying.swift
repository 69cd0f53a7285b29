internal import Glibc
internal import IOLoop

extension HostFileStorage {
    /// Copies between two buffered files in one call on the pool.
    ///
    /// Measured on two quiet processors over random data, 1 MiB a call, in CPU seconds a GiB (GiB/s); "new" is a file without blocks, as a
    /// job's target is, "old" one that has them:
    ///
    /// | | tmpfs, new | tmpfs, old | ext4, new | ext4, old |
    /// |---|---|---|---|---|
    /// | this with writes of 1 MiB, 2 calls in flight | 1.1 (1.5) | | 0.64 (2.7) | |
    /// | read and write, 1 call in flight | 1.05 (1.15) | 0.47 (2.1) | 0.58 (2.0) | 0.32 (3.1) |
    /// | the same, 2 in flight, writes unordered | 1.5 (1.6) | 0.44 (4.5) | 0.76 (3.0) | 0.33 (5.0) |
    /// | the same, 8 in flight | 1.4 (1.5) | | 0.75 (2.9) | |
    /// | copy_file_range, 1 call in flight | 0.97 (1.3) | 0.35 (2.8) | 0.62 (1.8) | 0.25 (4.1) |
    /// | copy_file_range, 2 in flight | 1.5 (1.4) | | 1.05 (2.0) | |
    ///
    /// Another day on tmpfs, new, the machine quicker: a write alone 0.52 (1.9), copy_file_range 0.57 (1.75), the same by two that take turns
    /// 0.54 (1.85), reads and writes by two that take turns 0.67 (1.5), a write from the mapped source 0.66 (1.5), reads into the mapped
    /// target 1.1 (0.9).
    ///
    /// A file takes one write at a time: a second one spins in the kernel for the inode's lock. So writers take turns here, where they sleep,
    /// while the others read; with whole chunks, or they would change too often. copy_file_range is cheaper by a tenth, but reads and
    /// writes in one step and so cannot overlap them; it also refuses to cross file systems. It is asked where it may share blocks
    /// instead of copying them, and in memory, where the read is next to nothing that could be overlapped. O_DIRECT files are refused: there two ring requests are better, eight workers with 1 MiB reach the disk's limit.
    func copyBytes(from source: HostFileStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        let target = try writableFile(for: offset, Int64(count))
        let origin = try source.file()
        guard !target.isDirect, !origin.isDirect, !overlaps(source, sourceOffset, offset, Int64(count)) else {
            throw BlockError(.unsupported, "copying between these storages is not supported")
        }
        guard sourceOffset >= 0, sourceOffset <= source.knownLength else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of '\(source.path)'")
        }
        // Descriptors that a request names stay open for it, even if `commitLocks` replaces the files meanwhile.
        defer { withExtendedLifetime((target, origin)) {} }
        defer { contentChanged() }
        let maySharing = sharesCopies(origin, target)
        let inMemory = isInMemory(origin, target)
        let turn = writersTurn
        changesOnPool += 1
        defer { changesOnPool -= 1 }
        let outcome: CopyOutcome = await requests.blocking(in: inMemory ? copiesInMemory : copies) {
            var copy = FileCopy(origin.descriptor, to: target.descriptor, turn: turn, splices: inMemory)
            return copy.run(sourceOffset, offset, count, tryingToShare: maySharing)
        }
        if outcome.written > 0, !isDevice { knownLength = max(knownLength, offset + Int64(outcome.written)) }
        if outcome.refusedToShare { abilities.shareCopies = false }
        if outcome.errno != 0 { throw .system(outcome.errno) }
        if let range = writeback.add(offset, count: Int64(outcome.written)) {
            await requests.blocking { HostCall.startWriteback(target.descriptor, range) }
        }
    }

    private func overlaps(_ source: HostFileStorage, _ sourceOffset: Int64, _ offset: Int64, _ count: Int64) -> Bool {
        source.identity == identity && sourceOffset < offset + count && offset < sourceOffset + count
    }

    private func sharesCopies(_ origin: OpenFile, _ target: OpenFile) -> Bool {
        if let known = abilities.shareCopies { return known }
        let may = !isDevice && HostCall.sharesCopies(target.descriptor) && HostCall.sharesCopies(origin.descriptor)
        abilities.shareCopies = may
        return may
    }

    private func isInMemory(_ origin: OpenFile, _ target: OpenFile) -> Bool {
        if let known = abilities.spliceCopies { return known }
        let isInMemory = target.isInMemory && origin.isInMemory
        abilities.spliceCopies = isInMemory
        return isInMemory
    }
}
