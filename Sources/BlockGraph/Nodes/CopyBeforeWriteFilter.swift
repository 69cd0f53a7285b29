public import Storage

/// Saves old data before it is overwritten; a backup's copier.
public protocol BeforeWriteCopier: AnyObject {
    /// Returns when the old bytes of the range are safe: copied now, copied before, or of no interest. The copier rounds to its clusters and
    /// waits for its own copying where that overlaps.
    /// - Throws: when they could not be saved.
    func copyBeforeWrite(at offset: Int64, count: Int64) async throws(BlockError)
    /// Whether something is being saved for which no write waits any more.
    var isSavingBehindWrites: Bool { get }
    /// Returns when nothing is being saved any more, also what nobody waits for. Called before the node is closed, and by drains.
    func finish() async
}

extension BeforeWriteCopier {
    /// Whoever asks for a saving waits for it.
    public var isSavingBehindWrites: Bool { false }
    /// There is nothing else to wait for.
    public func finish() async {}
}

/// Keeps a point in time of the node below: every write, zeroing and discard of the parents waits until the copier has saved what it will
/// destroy.
///
/// A guest's write is held back only for the copier. When saving fails, either the write fails or the snapshot is given up, as `onError` says.
public final class CopyBeforeWriteFilter: FilterDriver {
    /// What a failure to save old data breaks.
    public enum ErrorPolicy: String, Sendable {
        /// The write that asked for it fails; the point in time stays whole.
        case breakGuestWrite = "break-guest-write"
        /// The write goes on; the point in time is lost, and `snapshotError` says why.
        case breakSnapshot = "break-snapshot"
    }

    /// Why the point in time was lost, if it was; nothing is saved any more then.
    public private(set) var snapshotError: BlockError?
    private let policy: ErrorPolicy
    /// Who saves old data; nil while nothing is saved.
    public private(set) var copier: (any BeforeWriteCopier)?

    /// The point in time that it keeps for readers, if it does.
    let pointInTime: PointInTime?

    /// Makes a filter that saves nothing until it is armed.
    public convenience init(_ child: NodeEdge, onError policy: ErrorPolicy = .breakGuestWrite) {
        self.init(child, onError: policy, pointInTime: nil)
    }

    init(_ child: NodeEdge, onError policy: ErrorPolicy, pointInTime: PointInTime?) {
        self.policy = policy
        self.pointInTime = pointInTime
        super.init(child)
    }

    /// The target is part of what the node is: the image below alone is not.
    public override var snapshotFallback: NodeEdge? { nil }

    public override var isBusyBehindRequests: Bool { copier?.isSavingBehindWrites ?? false }
    public override func settle() async { await copier?.finish() }

    public override func close() async {
        let last = copier
        disarm()
        await last?.finish()
        pointInTime?.close()
    }

    /// It reads consistently where its parents write, lets nobody else write or resize the source, and writes to its target.
    static func permissions(_ context: ChildContext) -> Permissions {
        guard context.role == .filtered else {
            return Permissions(held: .write, shared: LockSet.all.subtracting(.resize))
        }
        var result = context.standard
        if context.parentIsUsed {
            if context.parent.held.contains(.write) { result.held.insert(.consistentRead) }
            result.shared.subtract([.write, .resize])
        }
        return result
    }

    /// From here on old data goes to `copier` first. Called while the node is drained, so that the point in time is one.
    public func arm(_ copier: any BeforeWriteCopier) { self.copier = copier }

    /// Writes pass from here on; those that wait in the copier end as it says.
    public func disarm() { copier = nil }

    /// Whether old data is being saved.
    public var isArmed: Bool { copier != nil && snapshotError == nil }

    private func save(_ offset: Int64, _ count: Int64) async throws(BlockError) {
        guard let copier, snapshotError == nil, count > 0 else { return }
        do throws(BlockError) {
            try await copier.copyBeforeWrite(at: offset, count: count)
        } catch {
            guard policy == .breakSnapshot else { throw error }
            if snapshotError == nil { snapshotError = error }
        }
    }

    public override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        isArmed ? nil : Passage(child.node, at: offset)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await save(offset, Int64(buffer.count))
        try await super.write(at: offset, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await save(offset, count)
        try await super.writeZeroes(at: offset, count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await save(offset, count)
        try await super.discard(at: offset, count: count)
    }

    public override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        try await save(offset, Int64(count))
        try await child.node.copy(fromStorage: source, at: sourceOffset, to: offset, count: count)
    }

    /// A backup's source keeps its length.
    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        guard !isArmed else { throw BlockError(.inUse, "The length cannot change while a backup keeps a point in time") }
        try await super.truncate(to: length, preallocation: preallocation)
    }
}
