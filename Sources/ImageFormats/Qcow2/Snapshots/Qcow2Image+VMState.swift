internal import Glibc
public import Storage

/// The state of a virtual machine lies behind the virtual disk, where the first L1 entry that the disk does not need begins.
extension Qcow2Image {
    private var vmStateStart: GuestOffset { GuestOffset(geometry.l1Entries(forLength: length) << Int64(geometry.l2CoverageBits)) }

    /// Writes bytes of VM state, which the next snapshot takes over.
    /// - Parameter position: bytes from the state's beginning.
    /// - Throws: EFBIG past what an L1 table can map.
    public func writeVMState(at position: Int64, from buffer: UnsafeRawBufferPointer) async throws(BlockError) {
        try checkWritable()
        guard !buffer.isEmpty else { return }
        file.note(.vmstateSave)
        let state = try await writing()
        let start = vmStateStart
        guard position >= 0, position <= Int64.max / 2 - start.bytes else { throw .system(EFBIG) }
        let end = start + (position + Int64(buffer.count))
        try await growL1(to: geometry.l1Entries(forLength: end.bytes), state)
        try await writeRuns(at: start + position, from: buffer, state)
    }

    /// Reads bytes of the VM state that was written, or came back with a snapshot; zeroes where there is none.
    public func readVMState(at position: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard position >= 0, position <= Int64.max / 2 - vmStateStart.bytes else { throw .system(EFBIG) }
        try checkReadable()
        file.note(.vmstateLoad)
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        try await readRuns(at: vmStateStart + position, into: buffer)
    }

    /// Forgets the active layer's VM state, which the snapshot has now: keeping it would only be copied for the next one.
    func discardVMState(_ size: UInt64, _ state: WriteState) async throws(BlockError) {
        let start = vmStateStart
        let mapped = Int64(l1.count) << Int64(geometry.l2CoverageBits)
        let bytes = Int64(clamping: size)
        guard bytes > 0, start.bytes < mapped else { return }
        let end = min(mapped, start.bytes + geometry.bytes(of: geometry.clusters(for: min(bytes, mapped))))
        try await unmap(start.bytes..<end, reason: .never, state)
        try await flush()
    }
}
