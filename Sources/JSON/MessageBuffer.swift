import Glibc

/// The bytes of a stream that are not yet consumed, and the scanner that cuts messages out of them.
///
/// Bytes are kept in one block that grows by `realloc`, which moves pages instead of copying them, so that collecting a
/// message of 64 MiB costs no pause. The block is given back when it is empty and large.
public struct MessageBuffer: ~Copyable {
    /// What was found in the bytes so far.
    public enum Frame: Sendable, Hashable {
        /// A message; its range holds until the next mutating call.
        case message(Range<Int>)
        /// A bad message, to be answered with this error.
        case malformed(JSONError)
    }

    private var scanner: MessageScanner
    private var block: UnsafeMutableRawPointer?
    private var capacity = 0
    /// The first byte still needed, and the end of what is there.
    private var start = 0
    private var end = 0

    /// A block beyond this size is given back as soon as it is empty.
    private static let keptCapacity = 64 << 10

    /// Makes an empty buffer at the start of a stream.
    public init(limits: MessageScanner.Limits = .init()) {
        self.scanner = MessageScanner(limits: limits)
    }

    deinit { free(block) }

    /// The bytes held: of the message in progress, and those not looked at yet.
    public var count: Int { end - start }

    /// Adds bytes that arrived.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let room = makeRoom(for: bytes.count)
        room.copyMemory(from: source, byteCount: bytes.count)
        end += bytes.count
    }

    /// Finds the next message, or nil when more bytes are needed.
    public mutating func next() -> Frame? {
        start += scanner.kept
        scanner.drop(scanner.kept)
        let finding = scanner.next(in: unread)
        switch finding {
        case .message(let range):
            return .message(range)
        case .malformed(let error):
            return .malformed(error)
        case nil:
            start += scanner.kept
            scanner.drop(scanner.kept)
            if start == end { releaseEmpty() }
            return nil
        }
    }

    /// Gives up the message in progress, if one is, and frees its bytes.
    /// - Returns: what to answer, or nil when no message was in progress.
    public mutating func abandon(_ error: JSONError) -> Frame? {
        guard case .malformed(let error) = scanner.abandon(error) else { return nil }
        start += scanner.kept
        scanner.drop(scanner.kept)
        if start == end { releaseEmpty() }
        return .malformed(error)
    }

    /// Reads a message that `next` has just found.
    public borrowing func withMessage<Result: ~Copyable, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: unread[range]))
    }

    /// Takes the message that `next` has just found out of the buffer, without copying it.
    public mutating func takeMessage(_ range: Range<Int>) -> MessageBytes {
        let rest = unread[range.upperBound...]
        let taken = MessageBytes(block: block, range: (start + range.lowerBound)..<(start + range.upperBound))
        block = nil
        capacity = 0
        start = 0
        end = 0
        scanner.drop(scanner.kept)
        if rest.count > 0 { append(UnsafeRawBufferPointer(rebasing: rest)) }
        return taken
    }

    private var unread: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: block.map { UnsafeRawPointer($0) + start }, count: end - start)
    }

    /// Room for `count` bytes behind the end.
    private mutating func makeRoom(for count: Int) -> UnsafeMutableRawPointer {
        if let block, end + count <= capacity { return block + end }
        // Moving down costs at most as much as what was consumed since it was done last.
        if let block, start >= end - start, end - start + count <= capacity {
            memmove(block, block + start, end - start)
            end -= start
            start = 0
            return block + end
        }
        capacity = max(4096, (end + count) + (end + count) / 2)
        guard let grown = realloc(block, capacity) else { fatalError("out of memory") }
        block = grown
        return grown + end
    }

    private mutating func releaseEmpty() {
        start = 0
        end = 0
        guard capacity > Self.keptCapacity else { return }
        free(block)
        block = nil
        capacity = 0
    }
}

/// One message's bytes, by themselves.
public struct MessageBytes: ~Copyable, @unchecked Sendable {
    // Nobody else refers to the block.
    private let block: UnsafeMutableRawPointer?
    private let range: Range<Int>

    fileprivate init(block: UnsafeMutableRawPointer?, range: Range<Int>) {
        self.block = block
        self.range = range
    }

    deinit { free(block) }

    /// The number of bytes.
    public var count: Int { range.count }

    /// Parses the message.
    public func parse() throws(JSONError) -> JSONDocument {
        try JSONDocument(parsing: UnsafeRawBufferPointer(start: block.map { UnsafeRawPointer($0) + range.lowerBound }, count: range.count))
    }
}
