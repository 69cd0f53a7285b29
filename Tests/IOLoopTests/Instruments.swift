import Glibc
import IOLoop

/// An unlinked file, open for reading and writing.
struct ScratchFile {
    let descriptor: Int32

    init(contents: [UInt8]) throws {
        var template = Array("/tmp/blockjobd-loop-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw IOLoopError.system(errno: errno) }
        unlink(template)
        guard contents.isEmpty || pwrite(descriptor, contents, contents.count, 0) == contents.count else {
            throw IOLoopError.system(errno: errno)
        }
    }

    func remove() { close(descriptor) }
}

/// What happened, in order. Unchecked: used on one loop.
final class Order: @unchecked Sendable {
    private(set) var values: [Int] = []
    func append(_ value: Int) { values.append(value) }
}

/// Blocks callers until enough have come.
final class Meeting: Sendable {
    private let lock = PlatformLock()
    private nonisolated(unsafe) var guests = 0

    func comeAndWait(for wanted: Int) -> Int {
        lock.withLock { guests += 1 }
        while lock.withLock({ guests }) < wanted { sched_yield() }
        return lock.withLock { guests }
    }
}

/// Counts how many are inside at once.
final class Peak: Sendable {
    private let lock = PlatformLock()
    private nonisolated(unsafe) var inside = 0
    private nonisolated(unsafe) var most = 0

    var highest: Int { lock.withLock { most } }

    func visit() -> Int {
        lock.withLock {
            inside += 1
            most = max(most, inside)
        }
        sched_yield()
        lock.withLock { inside -= 1 }
        return 0
    }
}

/// Blocks until it is opened.
final class Gate: Sendable {
    private let lock = PlatformLock()
    private nonisolated(unsafe) var isOpen = false

    func open() { lock.withLock { isOpen = true } }

    func wait() -> Int {
        while !lock.withLock({ isOpen }) { usleep(1000) }
        return 1
    }
}

/// A small seeded generator.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
