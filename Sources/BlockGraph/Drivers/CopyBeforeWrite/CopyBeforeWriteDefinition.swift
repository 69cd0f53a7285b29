import IOLoop
import Storage

/// Options of `copy-before-write`.
public struct CopyBeforeWriteSpec: Sendable, Equatable {
    /// The node whose old bytes are saved.
    public var file: ChildSpec
    /// Where they go.
    public var target: ChildSpec
    /// A bitmap whose regions alone are of interest: its node and its name.
    public var bitmap: Bitmap?
    /// What a failure to save breaks; nil is the guest's write.
    public var onError: CopyBeforeWriteFilter.ErrorPolicy?
    /// After so many seconds a saving counts as failed; nil and 0 are never.
    public var timeout: UInt32?
    /// Saves at least so many bytes at a time; nil is 64 KiB.
    public var minClusterSize: UInt64?

    /// Names a bitmap.
    public struct Bitmap: Sendable, Equatable {
        /// Its node.
        public var node: String
        /// Its name.
        public var name: String
        /// Makes a name.
        public init(node: String, name: String) {
            self.node = node
            self.name = name
        }
    }

    /// Makes options.
    public init(
        file: ChildSpec, target: ChildSpec, bitmap: Bitmap? = nil, onError: CopyBeforeWriteFilter.ErrorPolicy? = nil,
        timeout: UInt32? = nil, minClusterSize: UInt64? = nil
    ) {
        self.file = file
        self.target = target
        self.bitmap = bitmap
        self.onError = onError
        self.timeout = timeout
        self.minClusterSize = minClusterSize
    }
}

extension DriverSpec {
    /// Saves old bytes before they are overwritten.
    public static func copyBeforeWrite(_ spec: CopyBeforeWriteSpec) -> DriverSpec { DriverSpec(CopyBeforeWriteDefinition(spec: spec)) }
}

/// The driver `copy-before-write`.
struct CopyBeforeWriteDefinition: DriverDefinition {
    let spec: CopyBeforeWriteSpec

    var name: String { "copy-before-write" }
    var isFilter: Bool { true }
    var isNamedAsChild: Bool { true }
    /// With a timeout, writes go on before what they destroy is saved.
    var worksBehindRequests: Bool { (spec.timeout ?? 0) > 0 }
    var children: [ChildSlot] { [ChildSlot("file", .filtered, spec.file), ChildSlot("target", .other, spec.target)] }

    func permissions(_ child: ChildContext) -> Permissions { CopyBeforeWriteFilter.permissions(child) }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        let target = try opening.required("target")
        let moment = try PointInTime(
            source: file, target: target, cluster: cluster(for: target.node), interest: interest(file.node, target.node))
        let filter = CopyBeforeWriteFilter(file, onError: spec.onError ?? .breakGuestWrite, pointInTime: moment)
        guard let timeout = spec.timeout, timeout > 0 else {
            filter.arm(moment)
            return filter
        }
        let loop = thread
        let timed = TimedCopier(moment, timeout: UInt64(timeout) * 1_000_000_000, clock: LoopClock(thread)) { body in
            // Unsafe only in the compiler's eyes: the task runs on the loop that the caller runs on.
            nonisolated(unsafe) let work = body
            loop.task { _ in await work() }
        }
        filter.arm(timed)
        return filter
    }

    /// Whole clusters of the target, so that none is written in parts.
    private func cluster(for target: Node) throws(BlockError) -> Int64 {
        let wanted = spec.minClusterSize ?? 0
        guard wanted & (wanted &- 1) == 0, wanted <= 1 << 30 else {
            throw BlockError(.invalidOption, "min-cluster-size needs to be a power of 2")
        }
        return max(64 << 10, Int64(wanted), target.driver.allocationUnit)
    }

    /// The bitmap is on the node or on its target, or on one that is reached from them: the loop knows no other.
    private func interest(_ source: Node, _ target: Node) throws(BlockError) -> DirtyBitmap? {
        guard let wanted = spec.bitmap else { return nil }
        guard let node = source.descendant(named: wanted.node) ?? target.descendant(named: wanted.node) else {
            throw BlockError(.invalidOption, "Node '\(wanted.node)' not found")
        }
        guard let bitmap = node.bitmaps.first(where: { $0.name == wanted.name }) else {
            throw BlockError(.invalidOption, "Dirty bitmap '\(wanted.name)' not found")
        }
        guard !bitmap.isBusy else {
            throw BlockError(.inUse, "Bitmap '\(wanted.name)' is currently in use by another operation and cannot be used")
        }
        return bitmap
    }
}

extension Node {
    /// This node, or the first one below it that has the name.
    func descendant(named wanted: String) -> Node? {
        if name == wanted { return self }
        for child in driver.children {
            if let found = child.node.descendant(named: wanted) { return found }
        }
        return nil
    }
}

extension FilterSpec {
    /// A copy-before-write filter with QEMU's permissions: it reads consistently where its parents write, lets nobody else write
    /// or resize the source, and writes to its target.
    public static func copyBeforeWrite(
        nodeName: String? = nil, target: String?, onError: CopyBeforeWriteFilter.ErrorPolicy = .breakGuestWrite
    ) -> FilterSpec {
        FilterSpec(
            nodeName: nodeName, driverName: "copy-before-write", others: target.map { [Child(name: "target", node: $0)] } ?? [],
            permissions: { CopyBeforeWriteFilter.permissions($0) },
            makeDriver: { child, _ in CopyBeforeWriteFilter(child, onError: onError) })
    }
}
