internal import IOLoop

/// Reuses aligned memory: a copy that runs at full speed takes no page faults (a fresh MiB costs 256 of them, as long as copying it).
///
/// A buffer never has to be waited for, so that nested users cannot deadlock: who bounds its requests in flight bounds the memory. What is
/// bounded here is what idles. Unchecked: `lock` guards the lists.
public final class BufferPool: @unchecked Sendable {
    /// One for everybody who has no reason for his own.
    public static let shared = BufferPool()

    private static let smallest = 4096
    private static let smallestShift = 12
    private static let classes = 20

    private let lock = PlatformLock()
    private let retained: Int
    private var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: classes)
    private var idleBytes = 0

    /// Makes a pool that keeps at most `retained` bytes for reuse.
    public init(retained: Int = 32 << 20) { self.retained = retained }

    deinit {
        for (sizeClass, addresses) in free.enumerated() {
            for address in addresses { HostCall.unmap(address, Self.smallest << sizeClass) }
        }
    }

    /// How many bytes idle in the pool.
    public var idle: Int { lock.withLock { idleBytes } }

    /// A buffer of `count` bytes (at most 2 GiB), at a multiple of 4 KiB, from 2 MiB on of 2 MiB; contents undefined.
    /// - Parameter isWritten: all of it will be written: a fresh one of up to 1 MiB gets its pages at once, instead of by a fault each.
    public func buffer(_ count: Int, isWritten: Bool = false) -> IOBuffer {
        precondition(count >= 0 && count <= Self.smallest << (Self.classes - 1), "no such large buffers")
        let sizeClass = Self.sizeClass(of: count)
        let size = Self.smallest << sizeClass
        let reused: UnsafeMutableRawPointer? = lock.withLock {
            guard let address = free[sizeClass].popLast() else { return nil }
            idleBytes -= size
            return address
        }
        guard let start = reused ?? fresh(size, isWritten ? count : 0) else { fatalError("out of memory") }
        return IOBuffer(bytes: UnsafeMutableRawBufferPointer(start: start, count: count), sizeClass: sizeClass, pool: self)
    }

    /// As long as the usual request. What is larger may idle in the pool without pages, if its storage had nothing to write into it.
    private static let mostFilled = 1 << 20

    private func fresh(_ size: Int, _ written: Int) -> UnsafeMutableRawPointer? {
        guard let start = HostCall.map(size, alignment: min(size, 2 << 20)) else { return nil }
        if written > Self.smallest, written <= Self.mostFilled {
            HostCall.fill(start, min(size, (written + Self.smallest - 1) & -Self.smallest))
        }
        return start
    }

    func takeBack(_ address: UnsafeMutableRawPointer, sizeClass: Int) {
        let size = Self.smallest << sizeClass
        let isKept = lock.withLock {
            guard idleBytes + size <= retained else { return false }
            free[sizeClass].append(address)
            idleBytes += size
            return true
        }
        if !isKept { HostCall.unmap(address, size) }
    }

    private static func sizeClass(of count: Int) -> Int {
        count <= smallest ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount - smallestShift
    }
}
