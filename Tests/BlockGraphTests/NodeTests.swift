import ImageFormats
import Storage
import Testing

@testable import BlockGraph

/// Loop-bound nodes on an actor of the test's own.
actor NodeBench {
    let storage: MemoryStorage
    let file: Node
    let raw: Node

    init(
        _ bytes: [UInt8], limits: StorageLimits = StorageLimits(memoryAlignment: 1), layout: RawLayout = .whole,
        traits: NodeTraits = NodeTraits(), seed: UInt64 = 0
    ) {
        storage = MemoryStorage(bytes, limits: limits, seed: seed)
        file = Node(name: "file", driver: ProtocolDriver(storage), traits: NodeTraits(discard: .unmap))
        raw = Node(name: "raw", driver: RawDriver(NodeEdge(to: file, name: "file"), layout: layout), traits: traits)
    }

    func run<Value: Sendable>(_ body: @Sendable (isolated NodeBench) async throws -> Value) async rethrows -> Value {
        try await body(self)
    }

    /// Writers on disjoint, unaligned ranges next to each other: no update may be lost to a neighbour's read-modify-write.
    func writeConcurrently(seed: UInt64) async throws -> Bool {
        var random = SeededGenerator(seed: seed)
        storage.turns = 3
        var cuts: Set<Int> = [0, storage.bytes.count]
        for _ in 0..<60 { cuts.insert(Int.random(in: 0...storage.bytes.count, using: &random)) }
        let edges = cuts.sorted()
        var model = storage.bytes
        var tasks: [Task<Bool, Never>] = []
        for (start, end) in zip(edges, edges.dropFirst()) {
            let byte = UInt8.random(in: 0...255, using: &random)
            let kind = Int.random(in: 0..<4, using: &random)
            let payload = kind == 0 ? [UInt8](repeating: 0, count: end - start) : [UInt8](repeating: byte, count: end - start)
            model.replaceSubrange(start..<end, with: payload)
            tasks.append(
                Task {
                    do {
                        if kind == 0 {
                            try await self.raw.writeZeroes(at: Int64(start), count: Int64(end - start))
                        } else {
                            try await self.raw.write(payload, at: Int64(start))
                        }
                        return try await self.raw.bytes(at: Int64(start), count: end - start) == payload
                    } catch {
                        return false
                    }
                })
        }
        var ok = true
        for task in tasks { if await !task.value { ok = false } }
        return ok && storage.bytes == model
    }
}

@Suite struct NodeTests {
    @Test(arguments: [1, 512, 4096], 0..<8)
    func `any request of any alignment agrees with an array`(alignment: Int, seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let size = 16 * 4096
        let limits = StorageLimits(
            requestAlignment: alignment, memoryAlignment: alignment, maxTransfer: 3 * max(4096, alignment), maxZeroes: 5 * 4096)
        let start = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let offset = UInt64.random(in: 0...8192, using: &random)
        let layout = try RawLayout(offset: seed.isMultiple(of: 2) ? 0 : offset, size: nil, fileLength: Int64(size))
        let bench = NodeBench(start, limits: alignment == 1 ? StorageLimits(memoryAlignment: 1) : limits, layout: layout)
        let failed: String? = try await bench.run { [random] bench in
            var random = random
            bench.storage.supportsZeroes = seed % 3 != 0
            var model = Array(start[Int(layout.offset)...])
            for step in 0..<100 {
                let from = Int.random(in: 0..<model.count, using: &random)
                let count = Int.random(in: 0...min(model.count - from, step.isMultiple(of: 5) ? 30_000 : 5000), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0:
                    guard try await bench.raw.bytes(at: Int64(from), count: count) == Array(model[from..<from + count]) else {
                        return "read at step \(step)"
                    }
                case 1:
                    let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    try await bench.raw.write(payload, at: Int64(from))
                    model.replaceSubrange(from..<from + count, with: payload)
                case 2:
                    try await bench.raw.writeZeroes(at: Int64(from), count: Int64(count))
                    model.replaceSubrange(from..<from + count, with: [UInt8](repeating: 0, count: count))
                case 3:
                    // A discard may leave anything behind; this storage leaves the bytes.
                    try await bench.raw.discard(at: Int64(from), count: Int64(count))
                default:
                    try await bench.raw.flush()
                }
                guard Array(bench.storage.bytes[Int(layout.offset)...]) == model else { return "bytes at step \(step)" }
            }
            return bench.file.inFlight == 0 && bench.file.ranges.count == 0 ? nil : "something is still in flight"
        }
        #expect(failed == nil, "alignment \(alignment), seed \(seed)")
    }

    @Test(arguments: 0..<10)
    func `unaligned neighbours written at once lose no update`(seed: Int) async throws {
        let bench = NodeBench(
            [UInt8](repeating: 0xAA, count: 16 * 4096), limits: StorageLimits(requestAlignment: 4096, memoryAlignment: 4096),
            seed: UInt64(seed))
        #expect(try await bench.writeConcurrently(seed: UInt64(seed)), "seed \(seed)")
    }

    @Test func `zero detection turns zeroes into zeroing and unmaps only where discard is allowed`() async throws {
        for (detect, discard, expected) in [
            (DetectZeroes.off, DiscardMode.unmap, "write 0+4096"), (.on, .unmap, "zero 0+4096"), (.unmap, .unmap, "zero 0+4096 unmap"),
            (.unmap, .ignore, "zero 0+4096"),
        ] {
            let bench = NodeBench(
                [UInt8](repeating: 1, count: 8192), traits: NodeTraits(detectZeroes: detect, discard: discard))
            let log = try await bench.run { bench in
                try await bench.raw.write([UInt8](repeating: 0, count: 4096), at: 0)
                return bench.storage.log
            }
            #expect(log == [expected])
        }
    }

    @Test func `a block with one byte in it is no block of zeroes`() {
        for count in [1, 7, 8, 63, 255, 256, 257, 511, 4096, 65536] {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 1, alignment: 16)
            defer { buffer.deallocate() }
            for shift in [0, 1] {
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[shift..<(count + shift)])
                for index in part.indices { part[index] = 0 }
                #expect(isAllZero(UnsafeRawBufferPointer(part)))
                for index in stride(from: 0, to: count, by: max(1, count / 301)) {
                    part[index] = 1
                    #expect(!isAllZero(UnsafeRawBufferPointer(part)))
                    part[index] = 0
                }
            }
        }
        #expect(isAllZero(UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    @Test func `discards are ignored unless they are allowed`() async throws {
        let bench = NodeBench([UInt8](repeating: 1, count: 8192))
        let log = try await bench.run { bench in
            try await bench.raw.discard(at: 0, count: 4096)
            try await bench.file.discard(at: 0, count: 4096)
            bench.storage.supportsDiscard = false
            try await bench.file.discard(at: 0, count: 4096)
            return bench.storage.log
        }
        #expect(log == ["discard 0+4096"])
    }

    @Test func `a read-only node refuses every kind of change`() async throws {
        let bench = NodeBench([UInt8](repeating: 1, count: 8192), traits: NodeTraits(isReadOnly: true, discard: .unmap))
        await bench.run { bench in
            let refusal = BlockError(.readOnly, "Block node is read-only")
            await #expect(throws: refusal) { try await bench.raw.write([1], at: 0) }
            await #expect(throws: refusal) { try await bench.raw.writeZeroes(at: 0, count: 1) }
            await #expect(throws: refusal) { try await bench.raw.discard(at: 0, count: 1) }
            await #expect(throws: BlockError(.readOnly, "Image is read-only")) { try await bench.raw.truncate(to: 0) }
            #expect(bench.storage.log.isEmpty)
        }
    }

    @Test func `zeroing without a fallback says unsupported and writes nothing`() async throws {
        let bench = NodeBench([UInt8](repeating: 1, count: 8192))
        await bench.run { bench in
            bench.storage.supportsZeroes = false
            await #expect(throws: BlockError.self) { try await bench.raw.writeZeroes(at: 0, count: 4096, flags: .noFallback) }
            #expect(bench.storage.log.isEmpty)
            #expect(bench.storage.bytes[0] == 1)
        }
    }

    @Test func `a node is whole sectors and its end reads as zeroes`() async throws {
        let bench = NodeBench([UInt8](repeating: 7, count: 1000))
        try await bench.run { bench in
            #expect(bench.raw.length == 1024)
            let tail = try await bench.raw.bytes(at: 990, count: 34)
            #expect(tail == [UInt8](repeating: 7, count: 10) + [UInt8](repeating: 0, count: 24))
            #expect(try await bench.raw.extent(at: 1000, limit: 100) == StorageExtent(.hole, length: 24))
            #expect(try await bench.raw.extent(at: 0, limit: 5000) == StorageExtent(.data, length: 1000))
        }
    }

    @Test func `a window keeps its requests inside`() async throws {
        let layout = try RawLayout(offset: 512, size: 1024, fileLength: 4096)
        let bench = NodeBench([UInt8](repeating: 7, count: 4096), layout: layout)
        await bench.run { bench in
            #expect(bench.raw.length == 1024)
            await #expect(throws: BlockError(.system(errno: 28), "No space left on device")) {
                try await bench.raw.write([UInt8](repeating: 9, count: 512), at: 513)
            }
            await #expect(throws: BlockError(.outOfBounds, "Invalid argument")) { _ = try await bench.raw.bytes(at: 1000, count: 100) }
            await #expect(throws: BlockError(.unsupported, "Cannot resize fixed-size raw disks")) {
                try await bench.raw.truncate(to: 2048)
            }
            try? await bench.raw.write([UInt8](repeating: 9, count: 512), at: 512)
            #expect(Array(bench.storage.bytes[1024..<1536]) == [UInt8](repeating: 9, count: 512))
            #expect(bench.storage.bytes.count { $0 == 9 } == 512)
        }
    }

    @Test func `a window that begins within a sector ends in zeroes that cannot be written`() async throws {
        let layout = try RawLayout(offset: 100, size: nil, fileLength: 4096)
        let bench = NodeBench([UInt8](repeating: 7, count: 4096), layout: layout)
        try await bench.run { bench in
            #expect(bench.raw.length == 4096)
            #expect(try await bench.raw.bytes(at: 3990, count: 106) == [UInt8](repeating: 7, count: 6) + [UInt8](repeating: 0, count: 100))
            #expect(try await bench.raw.bytes(at: 3996, count: 100) == [UInt8](repeating: 0, count: 100))
            #expect(try await bench.raw.extent(at: 0, limit: 4096) == StorageExtent(.data, length: 3996))
            #expect(try await bench.raw.extent(at: 3996, limit: 100) == StorageExtent(.hole, length: 100))
            let full = BlockError(.system(errno: 28), "No space left on device")
            await #expect(throws: full) { try await bench.raw.write([9, 9], at: 3995) }
            await #expect(throws: full) { try await bench.raw.writeZeroes(at: 3584, count: 512) }
            try await bench.raw.write([9, 9], at: 3994)
            #expect(bench.storage.bytes == [UInt8](repeating: 7, count: 4094) + [9, 9])
        }
    }

    @Test func `windows that don't fit are refused in the reference's words`() {
        #expect(
            throws: BlockError(
                .invalidOption, "Offset (20971520) cannot be greater than size of the containing file (10485760)")
        ) { try RawLayout(offset: 20 << 20, size: nil, fileLength: 10 << 20) }
        #expect(
            throws: BlockError(
                .invalidOption,
                "The sum of offset (512) and size (10485760) has to be smaller or equal to the  actual size of the containing file (10485760)"
            )
        ) { try RawLayout(offset: 512, size: 10 << 20, fileLength: 10 << 20) }
        #expect(throws: BlockError(.invalidOption, "Specified size is not multiple of 512")) {
            try RawLayout(offset: 512, size: 1000, fileLength: 10 << 20)
        }
        #expect(throws: BlockError.self) { try RawLayout(offset: .max, size: .max, fileLength: 10 << 20) }
    }

    @Test func `a bitmap is marked when a write has ended, also when it failed`() async throws {
        let bench = NodeBench([UInt8](repeating: 1, count: 1 << 20))
        try await bench.run { bench in
            let bitmap = try DirtyBitmap(length: 1 << 20, granularity: 65536)
            bench.file.add(bitmap)
            try? await bench.raw.write([2], at: 65536)
            #expect(bitmap.nextDirty(from: 0) == 65536..<131072)
            bench.storage.nextWriteError = BlockError(.system(errno: 5), "Input/output error")
            await #expect(throws: BlockError.self) { try await bench.raw.write([2], at: 0) }
            #expect(bitmap.contains(0))
            bitmap.clearAll()
            try? await bench.raw.writeZeroes(at: 0, count: 1)
            #expect(bitmap.dirtyRegions == 1)
            bench.file.remove(bitmap)
            try? await bench.raw.write([2], at: 200_000)
            #expect(bitmap.dirtyRegions == 1)
        }
    }

    @Test func `a copy in the kernel passes windows, marks bitmaps and refuses what must be looked at`() async throws {
        let source = NodeBench([UInt8](repeating: 3, count: 8192))
        try await source.run { bench in
            let storage = MemoryStorage([UInt8](repeating: 0, count: 8192))
            let file = Node(name: "t", driver: ProtocolDriver(storage), traits: NodeTraits())
            let layout = try RawLayout(offset: 512, size: nil, fileLength: 8192)
            let target = Node(name: "tr", driver: RawDriver(NodeEdge(to: file, name: "file"), layout: layout), traits: NodeTraits())
            let bitmap = try DirtyBitmap(length: 8192, granularity: 512)
            file.add(bitmap)
            try await target.copy(from: bench.raw, at: 0, to: 512, count: 1024)
            #expect(storage.log == ["copy 0->1024+1024"])
            #expect(bitmap.nextDirty(from: 0) == 1024..<2048)
            let watched = Node(name: "w", driver: FilterDriver(NodeEdge(to: target, name: "file")), traits: NodeTraits())
            await #expect(throws: BlockError.self) { try await target.copy(from: bench.raw, at: 8000, to: 0, count: 512) }
            #expect(storage.bytes[0..<1024].allSatisfy { $0 == 0 })
            _ = watched
        }
    }
}
