import BlockGraph
import Glibc
import Storage
import TestSupport
import Testing

/// Names in headers that would lead where they must not.
@Suite struct HostileChainTests {
    private static func image(_ bench: ChainBench, _ name: String, backing: String, format: String? = nil) throws {
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", name, "1M")
        try bench.setBacking(of: name, to: backing, format: format)
    }

    @Test(arguments: ["a.qcow2", "./a.qcow2", "../\u{1}/a.qcow2", "link.qcow2", "hard.qcow2"])
    func `an image that names itself is refused`(name: String) async throws {
        let bench = try ChainBench()
        let own = bench.directory.path.split(separator: "/").last.map(String.init) ?? ""
        try Self.image(bench, "a.qcow2", backing: name.replacingFirst("\u{1}", by: own), format: "qcow2")
        symlink("a.qcow2", bench.path("link.qcow2"))
        Glibc.link(bench.path("a.qcow2"), bench.path("hard.qcow2"))
        let refusal = try await bench.refusal(of: "a.qcow2")
        #expect(refusal.hasSuffix("The backing chain comes back to an image that it began with"), "\(refusal)")
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test func `a loop of three is refused, with and without formats`() async throws {
        let bench = try ChainBench()
        try Self.image(bench, "a", backing: "b", format: "qcow2")
        try Self.image(bench, "b", backing: "c")
        try Self.image(bench, "c", backing: "a")
        #expect(try await bench.refusal(of: "a").hasSuffix("comes back to an image that it began with"))
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test func `a failure deep in a chain leaves nothing`() async throws {
        let bench = try ChainBench()
        for layer in 0..<8 { try Self.image(bench, "\(layer)", backing: "\(layer + 1)", format: "qcow2") }
        let refusal = try await bench.refusal(of: "0")
        #expect(refusal.hasSuffix("Could not open '\(bench.path("8"))': No such file or directory"))
        #expect(refusal.components(of: "Could not open backing file: ") == 8)
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test(arguments: ["../outside.raw", "/etc/hostname", "out-link", "dir-link/outside.raw", "sub/../../outside.raw", "file:/etc/hostname"])
    func `a backing name cannot leave the image roots`(name: String) async throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.file("in"), 0o755)
        mkdir(directory.file("in/sub"), 0o755)
        try directory.makeFile("outside.raw", size: 4096, pattern: 9)
        symlink("../outside.raw", directory.file("in/out-link"))
        symlink("..", directory.file("in/dir-link"))
        let roots = try ImageRoots([directory.file("in")])
        let bench = try ChainBench(headers: HeaderPolicy(roots: roots), in: directory)
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "in/a.qcow2", "1M")
        try bench.setBacking(of: "in/a.qcow2", to: name, format: "raw")
        let refusal = try await bench.refusal(of: "in/a.qcow2")
        #expect(refusal.hasSuffix("it is outside of the image roots"), "\(refusal)")
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test func `what is inside the image roots opens, by links that stay there too`() async throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.file("in"), 0o755)
        try directory.makeFile("in/base.raw", size: 1 << 20, pattern: 9)
        symlink("base.raw", directory.file("in/link.raw"))
        let bench = try ChainBench(headers: HeaderPolicy(roots: try ImageRoots([directory.file("in")])), in: directory)
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "in/a.qcow2", "1M")
        try bench.setBacking(of: "in/a.qcow2", to: "link.raw", format: "raw")
        try await bench.open("in/a.qcow2", readOnly: true)
        let guest = try await bench.guest(held: [.consistentRead])
        #expect(try await guest.read(at: 4096, count: 512) == [UInt8](repeating: 9, count: 512))
        await bench.graph.detach(guest)
        await bench.stop()
    }

    @Test(arguments: ["json:{\"driver\":\"null-co\"}", "nbd://localhost/x", "../outside.raw"])
    func `a data file's name is a path and nothing else`(name: String) async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=\(bench.path("d"))", "a.qcow2", "1M")
        try bench.setDataFile(of: "a.qcow2", to: name)
        let refusal = try await bench.refusal(of: "a.qcow2")
        #expect(refusal == "Could not open '\(name)': No such file or directory")
        await bench.stop()
    }

    @Test func `json names are refused where nobody reads them`() async throws {
        let bench = try ChainBench()
        try Self.image(bench, "a", backing: "json:{\"driver\":\"null-co\"}")
        #expect(try await bench.refusal(of: "a").hasSuffix("json: names in image headers are not supported here"))
        await bench.stop()
    }

    @Test func `a backing file of a format that is unknown here is not taken for a raw image`() async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "vmdk", "v", "1M")
        try Self.image(bench, "a", backing: "v")
        #expect(try await bench.refusal(of: "a") == "Could not open backing file: Unknown driver 'vmdk'")
        await bench.stop()
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, by other: String) -> String {
        firstRange(of: text).map { String(self[..<$0.lowerBound]) + other + String(self[$0.upperBound...]) } ?? self
    }

    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
