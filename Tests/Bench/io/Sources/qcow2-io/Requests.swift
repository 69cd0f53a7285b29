import BlockGraph
import IOLoop
import Storage

/// Requests of one workload to one node. Loop-bound.
final class Requests {
    private let access: NodeAccess
    private let writes: Bool
    private let offsets: Offsets
    private let buffer: IOBuffer

    init(_ workload: Workload, _ access: NodeAccess) {
        self.access = access
        writes = workload.writes
        offsets = Offsets(workload, length: access.length)
        buffer = BufferPool.shared.buffer(workload.size)
        buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0x5a)
    }

    /// Lets `count` more requests be made.
    func extend(by count: Int) { offsets.extend(by: count) }

    /// Makes requests one after the other, beside other workers, until none is left.
    func work() async throws(BlockError) {
        while let offset = offsets.take() {
            if writes {
                try await access.write(at: offset, from: buffer.contents)
            } else {
                try await access.read(at: offset, into: buffer.bytes)
            }
        }
    }
}
