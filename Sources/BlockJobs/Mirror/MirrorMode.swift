internal import Synchronization

/// What control plane and loop both know of a mirror.
final class MirrorMode: Sendable {
    private let blocking: Atomic<Bool>
    private let synced = Atomic<Bool>(false)

    init(_ mode: MirrorCopyMode) { blocking = Atomic(mode == .writeBlocking) }

    /// Whether guests' writes reach both sides before they are acknowledged.
    var isWriteBlocking: Bool { blocking.load(ordering: .relaxed) }

    /// From `background` to `write-blocking`; requests that are under way already are noted as dirty when they end.
    func becomeWriteBlocking() { blocking.store(true, ordering: .relaxed) }

    /// Whether both sides are equal and stay so.
    var isActivelySynced: Bool { synced.load(ordering: .relaxed) }

    /// Told by the loop.
    func setActivelySynced(_ value: Bool) { synced.store(value, ordering: .relaxed) }
}
