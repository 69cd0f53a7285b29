import BlockGraph
import IOLoop
import Storage

/// A format with a backing child, as small as it can be: what was written since it was opened is in its file, the rest in the backing child.
struct OverlayDefinition: DriverDefinition {
    var file: ChildSpec
    var backing = BackingOption.notGiven

    var name: String { "overlay" }
    var canReopen: Bool { true }
    var children: [ChildSlot] {
        var slots = [ChildSlot("file", .image, file)]
        if case .child(let child) = backing { slots.append(ChildSlot("backing", .backing, child)) }
        return slots
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        OverlayDriver(try opening.required("file"), opening.child("backing"))
    }
}

final class OverlayDriver: NodeDriver {
    static let block: Int64 = 512
    private let file: NodeEdge
    private var backing: NodeEdge?
    private var written: Set<Int64> = []

    init(_ file: NodeEdge, _ backing: NodeEdge?) {
        self.file = file
        self.backing = backing
        super.init()
    }

    override var limits: StorageLimits { StorageLimits(requestAlignment: Int(Self.block), memoryAlignment: 1) }
    override var length: Int64 { file.node.length }
    override var children: [NodeEdge] { [file] + (backing.map { [$0] } ?? []) }

    override func setChild(_ edge: NodeEdge?, named name: String) throws(BlockError) {
        guard name == "backing" else { throw BlockError(.unsupported, "only backing") }
        backing = edge
    }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        for start in stride(from: 0, to: buffer.count, by: Int(Self.block)) {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + Int(Self.block)])
            let place = offset + Int64(start)
            if written.contains(place / Self.block) {
                try await file.node.read(at: place, into: piece)
            } else if let backing {
                try await backing.node.read(at: place, into: piece)
            } else {
                _ = piece.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await file.node.write(at: offset, from: buffer, flags: flags)
        for block in offset / Self.block..<(offset + Int64(buffer.count)) / Self.block { written.insert(block) }
    }

    override func flush() async throws(BlockError) { try await file.node.flush() }
}

extension GraphBench {
    /// Opens an overlay over an inline file of its own name.
    func addOverlay(_ name: String, backing: BackingOption = .none) async throws {
        try await graph.open(GraphBench.overlay(name, backing: backing))
    }

    static func overlay(_ name: String, backing: BackingOption = .none, readOnly: Bool? = nil) -> NodeSpec {
        let file = NodeSpec(driver: .file(FileSpec(filename: name)))
        return NodeSpec(
            nodeName: name, driver: DriverSpec(OverlayDefinition(file: .inline(file), backing: backing)), readOnly: readOnly)
    }
}
