/// Bytes that wait to be written, in order.
///
/// Short texts are joined into one block, so that many replies leave with one call; long ones are kept as they are, so
/// that the same bytes can wait for many clients and nothing large is copied.
struct OutputQueue {
    /// A text at least this long is kept by itself.
    private static let longSize = 16 << 10

    private var blocks: [[UInt8]] = []
    /// The first block not yet written, and what of it is.
    private var head = 0
    private var written = 0
    /// Bytes not yet written.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if bytes.count < Self.longSize, let last = blocks.indices.last, last >= head, blocks[last].count + bytes.count <= Self.longSize * 4
        {
            blocks[last].append(contentsOf: bytes)
        } else {
            blocks.append(bytes)
        }
    }

    /// Calls `write` with the next run of bytes; it returns how many of them were taken.
    /// - Returns: a large block that is done with and costs time to free.
    mutating func withNext(_ write: (UnsafeRawBufferPointer) -> Int) -> [UInt8]? {
        let taken = blocks[head].withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[written...])) }
        written += taken
        count -= taken
        guard written == blocks[head].count else { return nil }
        written = 0
        var done: [UInt8] = []
        swap(&done, &blocks[head])
        head += 1
        if head == blocks.count {
            blocks.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 {
            blocks.removeFirst(head)
            head = 0
        }
        return done.count > 1 << 20 ? done : nil
    }

    mutating func removeAll() {
        blocks = []
        head = 0
        written = 0
        count = 0
    }
}
