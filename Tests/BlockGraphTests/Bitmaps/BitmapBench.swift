import BlockGraph
import Storage
import TestSupport
import Testing

/// What tests of persistent bitmaps do with the node `disk` of a bench, whose image is `a.qcow2` over the node `file`.
extension ChainBench {
    /// An image of 4 MiB in which the installed tools have recorded: `on` is dirty in its second MiB and records, `off` is clean and does not.
    func makeImageWithBitmaps(_ name: String = "a.qcow2") throws {
        try run("qemu-img", "create", "-q", "-f", "qcow2", name, "4M")
        try run("qemu-img", "bitmap", "--add", "-g", "65536", name, "on")
        try run("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 1M", name)
        try run("qemu-img", "bitmap", "--add", "--disable", "-g", "65536", name, "off")
    }

    static func image(readOnly: Bool? = nil, backing: Qcow2Spec.Backing = .fromHeader) -> NodeSpec {
        var spec = Qcow2Spec(file: .named("file"))
        spec.backing = backing
        return NodeSpec(nodeName: "disk", driver: .qcow2(spec), readOnly: readOnly)
    }

    func openImage(_ name: String = "a.qcow2", readOnly: Bool? = nil) async throws {
        try await graph.open(NodeSpec(nodeName: "file", driver: .file(FileSpec(filename: path(name)))))
        try await graph.open(ChainBench.image(readOnly: readOnly))
    }

    func closeImage() async throws {
        try await graph.close("disk")
        try await graph.close("file")
    }

    /// Writes 64 KiB.
    func write(at offset: Int64, to node: String = "disk") async throws {
        let guest = try await guest(node)
        try await guest.write(9, at: offset, count: 65536)
        await graph.detach(guest)
    }

    /// The first 64 regions of a bitmap.
    func bits(_ name: String, of node: String = "disk") async throws -> UInt64 {
        try await graph.content(of: BitmapName(node: node, name: name)).words.first ?? 0
    }

    func bitmap(_ name: String, of node: String = "disk") async throws -> BitmapInfo? {
        try await graph.node(node).bitmaps.first { $0.name == name }
    }

    /// What `qemu-img info` tells: for each bitmap its name and flags.
    func listed(_ image: String = "a.qcow2") throws -> [String] {
        let text = try run("qemu-img", "info", "-U", "--output=json", image)
        let information = try WireParser.parse(text)
        return (information.at("format-specific.data.bitmaps")?.array ?? []).map { bitmap in
            let flags = (bitmap["flags"]?.array ?? []).compactMap(\.string)
            return ([bitmap["name"]?.string ?? ""] + flags).joined(separator: " ")
        }
    }

    /// The digest that the installed daemon makes of each bitmap, of a copy so that nobody's locks are in the way.
    func referenceDigests(_ names: [String], image: String = "a.qcow2") async throws -> [String] {
        try run("cp", image, "copy.qcow2")
        return try await BlockingWork.shared.run { [directory] in
            let daemon = try DaemonProcess(.reference, in: directory)
            let client = try daemon.client()
            let options = #"{"driver": "qcow2", "node-name": "n", "read-only": true, "file": {"driver": "file", "filename": "copy.qcow2"}}"#
            _ = try client.execute("blockdev-add", options)
            let digests = try names.map { name in
                try client.execute("x-debug-block-dirty-bitmap-sha256", #"{"node": "n", "name": "\#(name)"}"#)["sha256"]?.string ?? ""
            }
            _ = try client.execute("quit")
            _ = try daemon.process.waitForExit()
            return digests
        }
    }

    func digests(_ names: [String]) async throws -> [String] {
        var digests: [String] = []
        for name in names { digests.append(try await graph.digestOfBitmap(BitmapName(node: "disk", name: name))) }
        return digests
    }

    /// The message of a refusal.
    func refusal(_ work: () async throws -> Void) async -> String? {
        do { try await work() } catch { return (error as? BlockError)?.message }
        return nil
    }
}

extension BitmapName {
    init(_ name: String) { self.init(node: "disk", name: name) }
}
