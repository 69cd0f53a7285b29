import IOLoop
public import Storage

/// Shows the point in time that the copy-before-write node below keeps.
public final class SnapshotAccessDriver: NodeDriver {
    private let file: NodeEdge
    private let fixedLength: Int64

    /// Makes a driver over a node; one that keeps no point in time can be described, not read.
    public init(_ file: NodeEdge) {
        self.file = file
        fixedLength = file.node.length
    }

    public override var limits: StorageLimits {
        StorageLimits(memoryAlignment: file.node.driver.limits.memoryAlignment, maxTransfer: Int.max, maxZeroes: .max)
    }
    public override var preferredAlignment: Int { file.node.driver.preferredAlignment }
    public override var length: Int64 { fixedLength }
    public override var children: [NodeEdge] { [file] }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await moment().read(at: offset, into: buffer)
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await moment().extent(at: offset, limit: limit)
    }

    /// A reader that is done with a part of it says so by a discard.
    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await moment().discard(at: offset, count: count)
    }

    /// Nothing is ever written.
    public override func flush() async throws(BlockError) {}

    private func moment() throws(BlockError) -> PointInTime {
        guard let filter = file.node.driver as? CopyBeforeWriteFilter, let moment = filter.pointInTime else {
            throw NodeDriver.unsupported
        }
        guard filter.snapshotError == nil else { throw PointInTime.inaccessible }
        return moment
    }
}

/// Options of `snapshot-access`.
public struct SnapshotAccessSpec: Sendable, Equatable {
    /// The node below, a copy-before-write filter.
    public var file: ChildSpec
    /// Makes options.
    public init(file: ChildSpec) { self.file = file }
}

extension DriverSpec {
    /// Shows a point in time.
    public static func snapshotAccess(_ spec: SnapshotAccessSpec) -> DriverSpec { DriverSpec(SnapshotAccessDefinition(spec: spec)) }
}

/// The driver `snapshot-access`.
struct SnapshotAccessDefinition: DriverDefinition {
    let spec: SnapshotAccessSpec

    var name: String { "snapshot-access" }
    var isNamedAsChild: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .data, spec.file).belowJobs()] }

    /// Whatever happens below, the filter keeps what is read here as it was.
    func permissions(_ child: ChildContext) -> Permissions { Permissions() }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        SnapshotAccessDriver(try opening.required("file"))
    }
}
