import Dispatch

/// The memory that the connections of one queue read into, one after the other.
enum ReadBuffer {
    /// Bytes of one read: what one client may have carried out in a turn.
    static let size = 64 << 10

    private static let key = DispatchSpecificKey<Block>()

    /// The queue's buffer. Valid until the next connection of the queue reads.
    static func shared(on queue: DispatchQueue) -> UnsafeMutableRawBufferPointer {
        dispatchPrecondition(condition: .onQueue(queue))
        if let block = queue.getSpecific(key: key) { return block.bytes }
        let block = Block()
        queue.setSpecific(key: key, value: block)
        return block.bytes
    }

    /// Confined to the queue that it is attached to.
    private final class Block: @unchecked Sendable {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        deinit { bytes.deallocate() }
    }
}
