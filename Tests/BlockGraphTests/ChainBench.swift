import BlockGraph
import IOLoop
import Storage
import TestSupport

/// A graph over images on disk, made by qemu-img in a directory of the test.
final class ChainBench: Sendable {
    let directory: TemporaryDirectory
    let graph: BlockGraph
    let threads: [IOThread]

    /// - Parameter sleep: how drivers wait for what comes now and then; nil is the loop's time.
    init(
        loops: Int = 1, headers: HeaderPolicy = HeaderPolicy(), in directory: TemporaryDirectory? = nil,
        sleep: GraphSurroundings.Sleep? = nil
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        var threads: [IOThread] = []
        for number in 0..<loops { threads.append(try IOThread(name: "chain\(number)")) }
        self.threads = threads
        let surroundings = sleep.map { GraphSurroundings(throttleGroups: ThrottleGroups(clock: LoopClock(threads[0])), sleep: $0) }
        graph = BlockGraph(executor: TestQueue(), threads: threads, headers: headers, surroundings: surroundings)
    }

    func path(_ name: String) -> String { directory.file(name) }

    /// Runs a tool in the directory; it must end with 0.
    @discardableResult
    func run(_ tool: String, _ arguments: String...) throws -> String {
        let process = try ChildProcess(tool, arguments, in: directory, name: "tool-\(Int.random(in: 0..<Int.max))")
        guard try process.waitForExit() == .code(0) else { throw WireFailure("\(tool) \(arguments): \(process.errors)") }
        return process.output
    }

    /// A chain of `depth` images over one another, `0.qcow2` the lowest, each of 4 MiB. Layer n holds the byte n + 1 in the 64 KiB from n * 64 Ki on.
    /// - Returns: the name of the highest image.
    func makeChain(depth: Int, clusterSize: Int = 65536) throws -> String {
        for layer in 0..<depth {
            let name = "\(layer).qcow2"
            let options = "cluster_size=\(clusterSize)"
            if layer == 0 {
                try run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, name, "4M")
            } else {
                try run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "-b", "\(layer - 1).qcow2", "-F", "qcow2", name)
            }
            try run("qemu-io", "-f", "qcow2", "-c", "write -P \(layer % 255 + 1) \((layer % 64) * 65536) 65536", name)
        }
        return "\(depth - 1).qcow2"
    }

    /// What `makeChain` makes a guest see.
    static func contents(depth: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        for layer in 0..<depth {
            for index in 0..<65536 { bytes[(layer % 64) * 65536 + index] = UInt8(layer % 255 + 1) }
        }
        return bytes
    }

    /// Opens an image of the directory.
    func open(_ image: String, as name: String = "disk", readOnly: Bool? = nil, _ change: (inout Qcow2Spec) -> Void = { _ in }) async throws
    {
        var spec = Qcow2Spec(file: .inline(NodeSpec(driver: .file(FileSpec(filename: path(image))))))
        change(&spec)
        try await graph.open(NodeSpec(nodeName: name, driver: .qcow2(spec), readOnly: readOnly))
    }

    func guest(_ name: String = "disk", held: LockSet = [.consistentRead, .write]) async throws -> NodeUser {
        try await graph.attach(NodeUserSpec(permissions: Permissions(held: held)), to: name)
    }

    /// Why a name in an image's header is refused.
    func refusal(of image: String) async throws -> String {
        do {
            try await open(image, readOnly: true)
        } catch let error as BlockError {
            return error.message
        }
        throw WireFailure("\(image) was opened")
    }

    /// Writes a backing file's name, without a format unless one is given, into a header.
    func setBacking(of image: String, to name: String, format: String? = nil) throws {
        func number(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var extensions: [UInt8] = []
        if let format {
            extensions += number(0xe279_2aca, 4) + number(format.utf8.count, 4) + Array(format.utf8)
            extensions += [UInt8](repeating: 0, count: -format.utf8.count & 7)
        }
        extensions += [UInt8](repeating: 0, count: 8)
        try directory.write(image, at: 112, extensions + Array(name.utf8) + [UInt8](repeating: 0, count: 256))
        try directory.write(image, at: 8, number(112 + extensions.count, 8) + number(name.utf8.count, 4))
    }

    /// Writes a data file's name, the only extension, into a header.
    func setDataFile(of image: String, to name: String) throws {
        let count = name.utf8.count
        let head: [UInt8] = [0x44, 0x41, 0x54, 0x41, 0, 0, UInt8(count >> 8), UInt8(count & 255)]
        try directory.write(image, at: 112, head + Array(name.utf8) + [UInt8](repeating: 0, count: (-count & 7) + 8))
    }

    func stop() async {
        await graph.closeAll()
        for thread in threads { await thread.stop() }
    }
}
