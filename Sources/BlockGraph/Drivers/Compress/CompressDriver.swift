import IOLoop
public import Storage

/// Has the format below store what is written compressed.
public final class CompressDriver: FilterDriver {
    /// Only whole clusters can be compressed: the rest of one is read first.
    public override var limits: StorageLimits {
        let below = child.node.driver
        return StorageLimits(
            requestAlignment: Int(max(Int64(below.limits.requestAlignment), below.allocationUnit)),
            memoryAlignment: below.limits.memoryAlignment, maxTransfer: Int.max, maxZeroes: .max)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        // The last cluster may end behind the disk: what lies there is no part of it.
        let inside = min(Int64(buffer.count), max(0, child.node.length - offset))
        try await super.write(
            at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[0..<Int(inside)]), flags: flags.union(.compressed))
    }
}

/// Options of `compress`.
public struct CompressSpec: Sendable, Equatable {
    /// The node below.
    public var file: ChildSpec
    /// Makes options.
    public init(file: ChildSpec) { self.file = file }
}

extension DriverSpec {
    /// Has the format below compress.
    public static func compress(_ spec: CompressSpec) -> DriverSpec { DriverSpec(CompressDefinition(spec: spec)) }
}

/// The driver `compress`.
struct CompressDefinition: DriverDefinition {
    let spec: CompressSpec

    var name: String { "compress" }
    var isFilter: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .filtered, spec.file)] }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        guard file.node.driver.canCompress else {
            throw BlockError(
                .invalidOption, "Compression is not supported for underlying format: \(file.node.driverName)")
        }
        return CompressDriver(file)
    }
}
