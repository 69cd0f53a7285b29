import Glibc
import Storage
import TestSupport
import Testing

@testable import BlockGraph

/// What names in headers may reach when there are image roots: `in`, and sometimes `more`, of the test's directory.
@Suite struct ImageRootTests {
    /// A graph with these roots, whose gate takes every `json:` name for `json`, and an empty directory `out` beside them.
    private static func bench(roots names: [String] = ["in"], json: DriverSpec? = nil) throws -> ChainBench {
        let directory = try TemporaryDirectory()
        for name in ["in", "more", "out"] { mkdir(directory.file(name), 0o755) }
        let roots = try ImageRoots(names.map { directory.file($0) })
        let policy = HeaderPolicy(roots: roots) { (_, _) throws(BlockError) in
            guard let json else { throw BlockError(.unsupported, "no json: name is expected") }
            return NodeSpec(driver: json)
        }
        return try ChainBench(headers: policy, in: directory)
    }

    /// An image in a root with a backing file's name as it is.
    private static func image(_ bench: ChainBench, backing: String, format: String? = nil) throws {
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "in/a.qcow2", "1M")
        try bench.setBacking(of: "in/a.qcow2", to: backing, format: format)
    }

    /// Why the image is refused; nothing is left of it.
    private static func refusal(_ bench: ChainBench) async throws -> String {
        let refusal = try await bench.refusal(of: "in/a.qcow2")
        #expect(await bench.graph.nodes().isEmpty)
        return refusal
    }

    private static let outside = "it is outside of the image roots"

    /// A failing read on every write, and over a file with secrets.
    private static func blkdebug(config: String, over file: String) -> DriverSpec {
        .blkdebug(BlkdebugSpec(image: .inline(NodeSpec(driver: .file(FileSpec(filename: file)))), config: config))
    }

    @Test(arguments: ["out/rules", "in/link"])
    func `rules of a blkdebug node that a header names are read within the roots only`(config: String) async throws {
        let directory = try TemporaryDirectory()
        for name in ["in", "out"] { mkdir(directory.file(name), 0o755) }
        try directory.makeFile("out/rules", text: "[top-secret]\n")
        symlink("../out/rules", directory.file("in/link"))
        try directory.makeFile("in/base.raw", size: 1 << 20)
        let (rules, base) = (directory.file(config), directory.file("in/base.raw"))
        let policy = HeaderPolicy(roots: try ImageRoots([directory.file("in")])) { (_, _) throws(BlockError) in
            NodeSpec(driver: Self.blkdebug(config: rules, over: base))
        }
        let bench = try ChainBench(headers: policy, in: directory)
        try Self.image(bench, backing: "json:{}")
        let refusal = try await Self.refusal(bench)
        #expect(refusal.hasSuffix("Could not open '\(rules)': \(Self.outside)"), "\(refusal)")
        #expect(!refusal.contains("secret"))
        await bench.stop()
    }

    @Test func `rules within the roots are in force`() async throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.file("in"), 0o755)
        try directory.makeFile("in/rules", text: "[inject-error]\nevent = \"none\"\n")
        try directory.makeFile("in/base.raw", size: 1 << 20)
        let (rules, base) = (directory.file("in/rules"), directory.file("in/base.raw"))
        let policy = HeaderPolicy(roots: try ImageRoots([directory.file("in")])) { (_, _) throws(BlockError) in
            NodeSpec(driver: Self.blkdebug(config: rules, over: base))
        }
        let bench = try ChainBench(headers: policy, in: directory)
        try Self.image(bench, backing: "json:{}")
        try await bench.open("in/a.qcow2", readOnly: true)
        let guest = try await bench.guest(held: [.consistentRead])
        await #expect(throws: BlockError.system(EIO)) { _ = try await guest.read(at: 0, count: 512) }
        await bench.graph.detach(guest)
        await bench.stop()
    }

    /// What clients have made is not for who writes an image's header.
    @Test(arguments: [
        (ThrottleSpec(file: .inline(NodeSpec(driver: .nullCo(NullSpec()))), group: "limits"), "throttle group 'limits'"),
        (ThrottleSpec(file: .named("other"), group: "limits"), "throttle group 'limits'"),
    ])
    func `a json name cannot join a throttle group`(spec: ThrottleSpec, what: String) async throws {
        let bench = try Self.bench(json: .raw(RawSpec(file: .inline(NodeSpec(driver: .throttle(spec))))))
        try bench.graph.surroundings.throttleGroups.add("limits", limits: ThrottleRates())
        try Self.image(bench, backing: "json:{}")
        #expect(try await Self.refusal(bench).hasSuffix("An image header may not refer to \(what)"))
        #expect(bench.graph.surroundings.throttleGroups.group("limits")?.isInUse == false)
        await bench.stop()
    }

    @Test func `a json name cannot refer to a node`() async throws {
        let bench = try Self.bench(json: .raw(RawSpec(file: .named("other"))))
        try Self.image(bench, backing: "json:{}")
        #expect(try await Self.refusal(bench).hasSuffix("An image header may not refer to node 'other'"))
        await bench.stop()
    }

    @Test func `without roots a json name may join a throttle group`() async throws {
        let json = DriverSpec.throttle(ThrottleSpec(file: .inline(NodeSpec(driver: .nullCo(NullSpec()))), group: "limits"))
        let bench = try ChainBench(headers: HeaderPolicy(json: { (_, _) throws(BlockError) in NodeSpec(driver: json) }))
        try bench.graph.surroundings.throttleGroups.add("limits", limits: ThrottleRates())
        mkdir(bench.path("in"), 0o755)
        try Self.image(bench, backing: "json:{}")
        try await bench.open("in/a.qcow2", readOnly: true)
        #expect(bench.graph.surroundings.throttleGroups.group("limits")?.isInUse == true)
        await bench.stop()
    }

    @Test(arguments: ["file", "host_device"])
    func `a json name opens files and devices within the roots only`(driver: String) async throws {
        let path = driver == "file" ? "/etc/hostname" : "/dev/null"
        let file = FileSpec(filename: path)
        let bench = try Self.bench(json: .raw(RawSpec(file: .inline(NodeSpec(driver: driver == "file" ? .file(file) : .hostDevice(file))))))
        try Self.image(bench, backing: "json:{}")
        #expect(try await Self.refusal(bench).hasSuffix("Could not open '\(path)': \(Self.outside)"))
        await bench.stop()
    }

    @Test(arguments: [("host_device:/dev/null", nil), ("/dev/null", nil), ("/dev/null", "host_device"), ("dev-link", "raw")])
    func `a device outside of the roots is refused`(name: String, format: String?) async throws {
        let bench = try Self.bench()
        symlink("/dev/null", bench.path("in/dev-link"))
        try Self.image(bench, backing: name, format: format)
        #expect(try await Self.refusal(bench).hasSuffix(Self.outside))
        await bench.stop()
    }

    @Test(arguments: [("out/d", false), ("in/link", false), ("in/dir-link/d", false), ("in/d", true), ("in/inner", true)])
    func `a data file is within the roots, links included`(name: String, opens: Bool) async throws {
        let bench = try Self.bench()
        for file in ["out/d", "in/d"] { try bench.directory.makeFile(file, size: 1 << 20, pattern: 5) }
        symlink("../out/d", bench.path("in/link"))
        symlink("../out", bench.path("in/dir-link"))
        symlink("d", bench.path("in/inner"))
        let option = "data_file=\(bench.path("in/d")),data_file_raw=on"
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", option, "in/a.qcow2", "1M")
        try bench.setDataFile(of: "in/a.qcow2", to: bench.path(name))
        if opens {
            try await bench.open("in/a.qcow2", readOnly: true)
        } else {
            #expect(try await Self.refusal(bench) == "Could not open '\(bench.path(name))': \(Self.outside)")
        }
        await bench.stop()
    }

    @Test func `an image that a header names keeps its own data file within the roots`() async throws {
        let bench = try Self.bench()
        try bench.directory.makeFile("out/d", size: 1 << 20)
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=\(bench.path("in/d"))", "in/base", "1M")
        try bench.setDataFile(of: "in/base", to: bench.path("out/d"))
        try Self.image(bench, backing: "base", format: "qcow2")
        #expect(try await Self.refusal(bench).hasSuffix("Could not open '\(bench.path("out/d"))': \(Self.outside)"))
        await bench.stop()
    }

    @Test(arguments: [(["in", "more"], true), (["more", "in"], true), (["in"], false)])
    func `any of several roots will do`(roots: [String], opens: Bool) async throws {
        let bench = try Self.bench(roots: roots)
        try bench.directory.makeFile("more/base.raw", size: 1 << 20)
        try Self.image(bench, backing: bench.path("more/base.raw"), format: "raw")
        if opens {
            try await bench.open("in/a.qcow2", readOnly: true)
        } else {
            #expect(try await Self.refusal(bench).hasSuffix(Self.outside))
        }
        await bench.stop()
    }

    @Test func `files that the client names itself may be anywhere`() async throws {
        let bench = try Self.bench()
        try bench.directory.makeFile("out/base.raw", size: 1 << 20)
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "out/a.qcow2", "1M")
        try await bench.open("out/a.qcow2") { spec in
            spec.backing = .child(.inline(NodeSpec(driver: .file(FileSpec(filename: bench.path("out/base.raw"))))))
        }
        await bench.stop()
    }

    @Test func `a backing file stays within the roots when it is opened anew`() async throws {
        let bench = try Self.bench()
        try bench.directory.makeFile("in/base.raw", size: 1 << 20, pattern: 3)
        try bench.directory.makeFile("out/secret", size: 1 << 20, pattern: 7)
        try Self.image(bench, backing: "base.raw", format: "raw")
        try await bench.open("in/a.qcow2", readOnly: true)
        func spec(noFlush: Bool, direct: Bool) throws -> NodeSpec {
            var qcow2 = Qcow2Spec(file: .inline(NodeSpec(driver: .file(FileSpec(filename: bench.path("in/a.qcow2"))))))
            qcow2.backing = .child(.named(try #require(backing)))
            return NodeSpec(nodeName: "disk", driver: .qcow2(qcow2), readOnly: true, cacheDirect: direct, cacheNoFlush: noFlush)
        }
        let backing = try await bench.graph.node("disk").nodeBelow
        // A change that opens no file forgets nothing either.
        try await bench.graph.reopen([try spec(noFlush: true, direct: false)])
        unlink(bench.path("in/base.raw"))
        symlink("../out/secret", bench.path("in/base.raw"))
        await #expect(throws: BlockError.self) { try await bench.graph.reopen([try spec(noFlush: false, direct: true)]) }
        #expect(await bench.graph.isNamedInHeader(try #require(backing)))
        await bench.stop()
    }
}

extension BlockGraph {
    /// Whether a header named the node, so that its files must be within the roots.
    fileprivate func isNamedInHeader(_ name: String) -> Bool {
        topology.node(named: name).flatMap { table.record($0.id) }?.options.isNamedInHeader ?? false
    }
}
