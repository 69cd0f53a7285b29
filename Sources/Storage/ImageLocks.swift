internal import Glibc
internal import IOLoop

/// QEMU's image locks, so that blockjobd, qemu-img and QEMU keep out of each other's way.
///
/// Byte 100 + n of the file, locked shared: "I use permission n". Byte 200 + n, locked shared: "I share permission n with nobody". Nobody
/// holds an exclusive lock; conflicts are found by asking whether an exclusive one could be had. Both parties lock first and ask second, so
/// of two that start at once at least one sees the other. The locks belong to the open file description and go with it.
struct ImageLocks: Sendable, Equatable {
    private static let heldBase: Int64 = 100
    private static let unsharedBase: Int64 = 200

    /// Locked bytes from 100 on.
    var held: LockSet = []
    /// Locked bytes from 200 on.
    var unshared: LockSet = []

    init() {}

    init(held: LockSet, shared: LockSet) {
        self.held = held
        unshared = LockSet.all.subtracting(shared)
    }

    func union(_ other: ImageLocks) -> ImageLocks {
        var result = self
        result.held.formUnion(other.held)
        result.unshared.formUnion(other.unshared)
        return result
    }

    func contains(_ other: ImageLocks) -> Bool { held.contains(other.held) && unshared.contains(other.unshared) }

    private static func bits(_ set: LockSet) -> [Int64] { (0..<4).filter { set.rawValue & (1 << UInt8($0)) != 0 } }

    /// Locks what `wanted` adds to `current`. On an error some of it may be locked: go back with `release(down:from:)`.
    static func acquire(_ wanted: ImageLocks, over current: ImageLocks, on descriptor: Int32) throws(BlockError) {
        for bit in bits(wanted.held.subtracting(current.held)) { try lock(heldBase + bit, on: descriptor) }
        for bit in bits(wanted.unshared.subtracting(current.unshared)) { try lock(unsharedBase + bit, on: descriptor) }
    }

    private static func lock(_ byte: Int64, on descriptor: Int32) throws(BlockError) {
        let result = HostCall.lockByte(descriptor, byte, held: true)
        guard result < 0 else { return }
        if result == -EAGAIN || result == -EACCES { throw BlockError(.inUse, "Failed to lock byte \(byte)") }
        throw .system(-result, "Failed to lock byte \(byte)")
    }

    /// Unlocks what `current` has beyond `wanted`. Unlocking fails on broken network file systems only, and then nothing better is known.
    static func release(downTo wanted: ImageLocks, from current: ImageLocks, on descriptor: Int32) {
        for bit in bits(current.held.subtracting(wanted.held)) { _ = HostCall.lockByte(descriptor, heldBase + bit, held: false) }
        for bit in bits(current.unshared.subtracting(wanted.unshared)) {
            _ = HostCall.lockByte(descriptor, unsharedBase + bit, held: false)
        }
    }

    /// Whether others' locks allow ours: nobody refuses to share what we use, nobody uses what we don't share.
    static func check(_ wanted: ImageLocks, on descriptor: Int32, path: String) throws(BlockError) {
        for bit in bits(wanted.held) { try test(unsharedBase + bit, "Failed to get \"\(name(bit))\" lock", on: descriptor, path: path) }
        for bit in bits(wanted.unshared) {
            try test(heldBase + bit, "Failed to get shared \"\(name(bit))\" lock", on: descriptor, path: path)
        }
    }

    private static func test(_ byte: Int64, _ message: String, on descriptor: Int32, path: String) throws(BlockError) {
        let result = HostCall.testByte(descriptor, byte)
        guard result < 0 else { return }
        if result == -EAGAIN || result == -EACCES {
            throw BlockError(.inUse, message, hint: "Is another process using the image [\(path)]?")
        }
        throw .system(-result, message)
    }

    private static func name(_ bit: Int64) -> String {
        ["consistent read", "write", "write unchanged", "resize"][Int(bit)]
    }
}
