import Storage
import TestSupport
import Testing

@Suite struct `simulated storage` {
    @Test func `loses what was not flushed`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 8192)
        try await disk.write([1, 1], at: 0)
        try await disk.flush()
        try await disk.write([2, 2], at: 0)
        try await disk.write([3], at: 4096, flags: .forceUnitAccess)
        disk.crash(.losingAll)
        #expect(try await disk.bytes(at: 0, count: 2) == [1, 1])
        #expect(try await disk.bytes(at: 4096, count: 1) == [3])
    }

    @Test func `keeps the order of durable and lost writes to one place`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 512)
        try await disk.write([1], at: 0)
        try await disk.write([2], at: 0, flags: .forceUnitAccess)
        disk.crash(.losingNothing)
        #expect(try await disk.bytes(at: 0, count: 1) == [2])
    }

    @Test func `tears unflushed writes by sectors in a random crash`() async throws {
        var outcomes: Set<[UInt8]> = []
        for seed in 0..<40 as Range<UInt64> {
            let disk = SimulatedStorage(seed: seed, length: 1024)
            try await disk.write([UInt8](repeating: 1, count: 1024), at: 0)
            disk.crash()
            let found = try await disk.bytes(at: 0, count: 1024)
            #expect(Set(found[0..<512]).count == 1 && Set(found[512...]).count == 1, "seed \(seed)")
            outcomes.insert([found[0], found[512]])
        }
        #expect(outcomes == [[0, 0], [0, 1], [1, 0], [1, 1]])
    }

    @Test func `repeats a crash for the same seed`() async throws {
        func survivor() async throws -> [UInt8] {
            let disk = SimulatedStorage(seed: 77, length: 65536)
            for index in 0..<32 { try await disk.write([UInt8](repeating: UInt8(index + 1), count: 3000), at: Int64(index * 2000)) }
            disk.crash()
            return disk.contents
        }
        #expect(try await survivor() == survivor())
    }

    @Test func `fails what it was told to, and no more`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 65536)
        disk.fail(.write, errno: 5, in: 4096..<8192, skipping: 1, times: 1)
        try await disk.write([1], at: 0)
        try await disk.write([1], at: 5000)
        let error = await blockError { try await disk.write([2], at: 5000) }
        #expect(error?.kind == .system(errno: 5))
        #expect(error?.message == "Input/output error")
        try await disk.write([3], at: 5000)
        #expect(try await disk.bytes(at: 5000, count: 1) == [3])
        #expect(disk.log.map(\.operation) == [.write, .write, .write, .write, .read])
        #expect(disk.log[2].error == .system(errno: 5))
    }

    @Test func `fills up`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 65536)
        disk.capacity = 8192
        try await disk.write([UInt8](repeating: 1, count: 8192), at: 0)
        let error = await blockError { try await disk.write([1], at: 8192) }
        #expect(error?.kind == .system(errno: 28))
        try await disk.discard(at: 0, count: 4096)
        try await disk.write([1], at: 8192)
        #expect(disk.allocated == 8192)
    }

    @Test func `hangs until it is released, and a crash fails what hung`() async throws {
        let user = DiskUser()
        async let released = user.writeHanging(9)
        await user.waitUntilHanging()
        await user.disk { $0.release() }
        #expect(await released == nil)
        #expect(await user.firstByte() == 9)
        async let crashed = user.writeHanging(8)
        await user.waitUntilHanging()
        await user.disk { $0.crash(.losingAll) }
        #expect(await crashed?.kind == .system(errno: 5))
        #expect(await user.firstByte() == 0)
    }

    @Test func `dies after so many changes`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 4096)
        disk.changesUntilDeath = 2
        try await disk.write([1], at: 0)
        try await disk.flush()
        let error = await blockError { _ = try await disk.bytes(at: 0, count: 1) }
        #expect(error?.kind == .system(errno: 5))
        disk.crash(.losingAll)
        #expect(try await disk.bytes(at: 0, count: 1) == [1])
    }

    @Test func `agrees with a model when nothing fails`() async throws {
        let seed = UInt64.random(in: 0..<UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let disk = SimulatedStorage(seed: seed, length: 50_000)
        var model = [UInt8](repeating: 0, count: 50_000)
        for round in 0..<Sanitized.times(300) {
            let start = Int.random(in: 0..<model.count, using: &generator)
            let count = Int.random(in: 1...min(9000, model.count - start), using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                try await disk.write([UInt8](repeating: UInt8(round % 255 + 1), count: count), at: Int64(start))
                model.replaceSubrange(start..<start + count, with: repeatElement(UInt8(round % 255 + 1), count: count))
            case 1:
                try await disk.writeZeroes(at: Int64(start), count: Int64(count), flags: round % 2 == 0 ? .mayUnmap : [])
                model.replaceSubrange(start..<start + count, with: repeatElement(0, count: count))
            case 2:
                let extent = try await disk.extent(at: Int64(start), limit: Int64(count))
                if extent.content != .data { #expect(model[start..<start + Int(extent.length)].allSatisfy { $0 == 0 }, "seed \(seed)") }
            default:
                #expect(try await disk.bytes(at: Int64(start), count: count) == Array(model[start..<start + count]), "seed \(seed)")
            }
        }
    }
}

/// A storage on an actor, so that a test can act while an operation hangs.
private actor DiskUser {
    private let storage = SimulatedStorage(seed: 1, length: 4096)

    func writeHanging(_ byte: UInt8) async -> BlockError? {
        storage.hang(next: .write)
        return await blockError { try await storage.write([byte], at: 0) }
    }

    func waitUntilHanging() async { await storage.waitUntilHanging() }
    func firstByte() async -> UInt8? { try? await storage.bytes(at: 0, count: 1).first }
    func disk(_ body: @Sendable (SimulatedStorage) -> Void) { body(storage) }
}
