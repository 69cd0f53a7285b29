import BlockGraph
import Glibc
import IOLoop
import Storage
import TestSupport
import Testing

/// Small images that say they have many large bitmaps.
@Suite struct `bitmaps of hostile images` {
    /// What a word of the one table that all bitmaps share says of its cluster of bits.
    private enum Word {
        case zeroes, ones
        /// One cluster of this byte, again and again.
        case stored(UInt8)
    }

    private static let clusterSize = 1 << 21

    /// Makes an image of a disk whose bitmaps have `bits` bits each, `count` of them, in pieces of 64 KiB; it is a node's file, and takes
    /// some MiB.
    private func makeImage(
        _ bench: GraphBench, _ name: String, count: Int, bits: Int64, word: Word = .ones, inUse: Bool = false, nameBytes: [UInt8]? = nil
    ) async throws {
        try await bench.add(name)
        var image = NewQcow2Image(file: .named(name), size: bits << 16)
        image.clusterSize = UInt64(Self.clusterSize)
        try await bench.graph.create(image)
        let disk = try bench.disk(name)
        await disk.thread.run { (io: isolated IOThread) in
            Self.addBitmaps(to: &disk.value.bytes, count: count, bits: bits, word: word, inUse: inUse, nameBytes: nameBytes)
        }
    }

    private static func addBitmaps(to bytes: inout [UInt8], count: Int, bits: Int64, word: Word, inUse: Bool, nameBytes: [UInt8]?) {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func place(_ part: [UInt8]) -> Int {
            bytes += [UInt8](repeating: 0, count: -bytes.count & (clusterSize - 1))
            defer { bytes += part }
            return bytes.count
        }
        let words = Int((bits / 8 + Int64(clusterSize) - 1) / Int64(clusterSize))
        let entry: Int =
            switch word {
            case .zeroes: 0
            case .ones: 1
            case .stored(let byte): place([UInt8](repeating: byte, count: clusterSize))
            }
        let table = place((0..<words).flatMap { _ in number(entry, 8) })
        var directory: [UInt8] = []
        for index in 0..<count {
            let name = nameBytes ?? Array("\(index)".utf8)
            directory += number(table, 8) + number(words, 4) + number(inUse ? 3 : 2, 4) + [1, 16] + number(name.count, 2) + number(0, 4)
            directory += name + [UInt8](repeating: 0, count: -name.count & 7)
        }
        let header = Int(bytes[102]) << 8 | Int(bytes[103])
        let ends = number(0x2385_2875, 4) + number(24, 4) + number(count, 4) + number(0, 4) + number(directory.count, 8)
        let start = place(directory)
        bytes.replaceSubrange(header..<header + 40, with: ends + number(start, 8) + number(0, 8))
        // The feature that vouches for the extension.
        bytes[95] |= 1
    }

    private func image(_ file: String, readOnly: Bool? = nil) -> NodeSpec {
        NodeSpec(nodeName: "of-\(file)", driver: .qcow2(Qcow2Spec(file: .named(file))), readOnly: readOnly)
    }

    private func refusal(_ bench: GraphBench, _ file: String) async -> String? {
        await #expect(throws: BlockError.self) { try await bench.graph.open(image(file)) }?.message
    }

    /// MiB of memory that the process has.
    private var resident: Int {
        let words = (try? TemporaryDirectory.read("/proc/self/statm")).map { String(decoding: $0, as: UTF8.self) }?.split(separator: " ")
        return (words.flatMap { Int($0[1]) } ?? 0) * 4096 >> 20
    }

    @Test(.timeLimit(.minutes(10))) func `tens of thousands of the largest are refused before they take memory`() async throws {
        let bench = try GraphBench()
        try await makeImage(bench, "f", count: 65535, bits: 1 << 32)
        let before = resident
        #expect(await refusal(bench, "f") == "The image's bitmaps would take more than 1024 MiB of memory")
        #expect(resident - before < 400)
        #expect(bench.graph.surroundings.bitmapMemory.inUse == 0)
        #expect(await bench.graph.nodes().map(\.nodeName) == ["f"])
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `tens of thousands that are inconsistent take no memory for bits`() async throws {
        let bench = try GraphBench()
        try await makeImage(bench, "f", count: 65535, bits: 1 << 32, inUse: true)
        let before = resident
        try await bench.graph.open(image("f"))
        #expect(resident - before < 400)
        let bitmaps = try await bench.graph.node("of-f").bitmaps
        #expect(bitmaps.count == 65535 && bitmaps.allSatisfy { $0.isInconsistent && $0.count == 0 })
        try await bench.graph.close("of-f")
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `the largest that are clean take no memory for bits`() async throws {
        let bench = try GraphBench()
        try await makeImage(bench, "f", count: 2, bits: 1 << 32, word: .zeroes)
        let before = resident
        try await bench.graph.open(image("f"))
        #expect(resident - before < 400)
        #expect(bench.graph.surroundings.bitmapMemory.inUse == 1 << 30)
        try await bench.graph.close("of-f")
        #expect(bench.graph.surroundings.bitmapMemory.inUse == 0)
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `of several images are bounded together`() async throws {
        let bench = try GraphBench(bitmapMemory: BitmapMemory(mostPerImage: 4 << 20, mostAltogether: 6 << 20))
        for name in ["a", "b"] { try await makeImage(bench, name, count: 4, bits: 8 << 20) }
        try await makeImage(bench, "c", count: 5, bits: 8 << 20)
        #expect(await refusal(bench, "c") == "The image's bitmaps would take more than 4 MiB of memory")
        try await bench.graph.open(image("a"))
        #expect(await refusal(bench, "b") == "The bitmaps of all images would take more than 6 MiB of memory")
        #expect(bench.graph.surroundings.bitmapMemory.inUse == 4 << 20)
        try await bench.graph.close("of-a")
        try await bench.graph.open(image("b"))
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10)), arguments: [0x55, 0xFF] as [UInt8])
    func `are loaded in short turns of the loop`(byte: UInt8) async throws {
        let bench = try GraphBench()
        try await makeImage(bench, "f", count: 1, bits: 1 << 27, word: .stored(byte))
        let graph = bench.graph
        let disk = try bench.disk("f")
        let isOpen = Guarded(false)
        // How far the reading had come whenever somebody else had a turn; the file is in memory and never suspends.
        let isWatching = Guarded(false)
        async let seen = disk.thread.run { (io: isolated IOThread) async -> Set<Int> in
            var seen: Set<Int> = []
            isWatching.withLock { $0 = true }
            while !isOpen.withLock({ $0 }) {
                seen.insert(disk.value.log.count)
                await Task.yield()
            }
            return seen
        }
        while !isWatching.withLock({ $0 }) { await Task.yield() }
        try await graph.open(image("f", readOnly: true))
        isOpen.withLock { $0 = true }
        let places = await seen
        // Eight clusters of bits, each longer than a turn.
        #expect(places.count > 8, "\(places)")
        let expected: Int64 = byte == 0xFF ? 1 << 43 : 1 << 42
        #expect(try await graph.node("of-f").bitmaps.allSatisfy { $0.count == expected })
        await bench.stop()
    }

    @Test(arguments: [[0x61, 0, 0x62], [0xFF, 0xFE], [0x61, 0]] as [[UInt8]])
    func `with names that are no text are refused`(name: [UInt8]) async throws {
        let bench = try GraphBench()
        try await makeImage(bench, "f", count: 1, bits: 64, nameBytes: name)
        let reason = "Bitmap '\(String(decoding: name, as: UTF8.self))' doesn't satisfy the constraints"
        #expect(await refusal(bench, "f") == reason)
        await bench.stop()
    }
}
