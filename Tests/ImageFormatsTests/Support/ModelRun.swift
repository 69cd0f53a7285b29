import Glibc
import ImageFormats
import Storage
import TestSupport
import Testing

/// Random operations on an image, against a flat array.
final class ModelRun {
    private let test: TestImage
    private let seed: UInt64
    private var chance: SeededGenerator
    private(set) var expected: [UInt8]
    private var stamp: UInt8 = 0
    private var history: [String] = []
    private var snapshots: [(name: String, contents: [UInt8])] = []

    init(_ test: TestImage, seed: UInt64, expected: [UInt8]) {
        self.test = test
        self.seed = seed
        chance = SeededGenerator(seed: seed)
        self.expected = expected
    }

    private var setup: ImageSetup { test.setup }
    /// For a failure's report.
    var trace: String { "seed \(seed), \(setup.testDescription):\n" + history.joined(separator: "\n") }

    /// One operation, sometimes on the image as a whole: its length, its snapshots.
    func stepOrReshape() async throws {
        guard Int.random(in: 0..<8, using: &chance) == 0 else { return try await step() }
        switch Int.random(in: 0..<4, using: &chance) {
        case 0: try await takeSnapshot()
        case 1: try await applySnapshot()
        case 2: try await deleteSnapshot()
        default: try await resize()
        }
    }

    /// Deletes all snapshots.
    func deleteSnapshots() async throws {
        while !snapshots.isEmpty { try await deleteSnapshot() }
    }

    private func takeSnapshot() async throws {
        let name = "s\(history.count)"
        history.append("snapshot \(name)")
        _ = try await test.image.createSnapshot(Qcow2SnapshotRequest(name: name, dateSeconds: 1))
        snapshots.append((name, expected))
    }

    private func applySnapshot() async throws {
        guard let (name, contents) = snapshots.randomElement(using: &chance) else { return }
        history.append("apply \(name)")
        try await test.image.applySnapshot(name)
        expected = contents
    }

    private func deleteSnapshot() async throws {
        guard let index = snapshots.indices.randomElement(using: &chance) else { return }
        let (name, _) = snapshots.remove(at: index)
        history.append("delete \(name)")
        _ = try await test.image.deleteSnapshot(id: nil, name: name)
    }

    /// Only without snapshots in version 2.
    private func resize() async throws {
        guard snapshots.isEmpty else { return }
        let length = Int.random(in: setup.length / 1024...setup.length / 256, using: &chance) * 512
        history.append("resize \(length)")
        try await test.image.truncate(to: Int64(length))
        expected = Array(expected.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - expected.count))
    }

    /// One operation.
    func step() async throws {
        switch Int.random(in: 0..<20, using: &chance) {
        case 0..<8: try await write()
        case 8..<11: try await read()
        case 11..<14: try await zero()
        case 14..<16: try await discard()
        case 16..<18: try await writeCompressed()
        case 18: try await flush()
        default: try await reopen()
        }
    }

    /// Whether the image shows what it must, everywhere.
    func compareAll() async throws -> Bool {
        let step = 1 << 20
        for start in stride(from: 0, to: expected.count, by: step) {
            guard try await compare(start..<min(expected.count, start + step)) else { return false }
        }
        return true
    }

    private func note(_ what: String, _ range: Range<Int>) { history.append("\(what) \(range.lowerBound)+\(range.count)") }

    /// Ranges of all lengths up to a few clusters, aligned to nothing, to sectors or to clusters.
    private func range() -> Range<Int> {
        let unit = [1, 512, setup.clusterSize / 32, setup.clusterSize].filter { $0 > 0 }.randomElement(using: &chance) ?? 1
        let longest = min(expected.count, 3 * setup.clusterSize + 4096)
        let start = Int.random(in: 0..<expected.count, using: &chance) / unit * unit
        let count = max(1, Int.random(in: 1...longest, using: &chance) / unit * unit)
        return start..<min(expected.count, start + count)
    }

    private func write() async throws {
        let range = range()
        note("write", range)
        stamp = stamp == 255 ? 1 : stamp + 1
        for position in range { expected[position] = stamp ^ UInt8(truncatingIfNeeded: position >> 9) }
        let flags: WriteFlags = Int.random(in: 0..<8, using: &chance) == 0 ? .forceUnitAccess : []
        try await test.image.write(at: GuestOffset(Int64(range.lowerBound)), array: Array(expected[range]), flags: flags)
    }

    private func read() async throws {
        let range = range()
        note("read", range)
        #expect(try await compare(range), "\(trace)")
    }

    private func compare(_ range: Range<Int>) async throws -> Bool {
        let found = try await test.image.bytes(at: Int64(range.lowerBound), count: range.count)
        return expected.withUnsafeBytes { bytes in
            found.withUnsafeBytes { found in
                guard let found = found.baseAddress, let expected = bytes.baseAddress else { return range.isEmpty }
                return memcmp(found, expected + range.lowerBound, range.count) == 0
            }
        }
    }

    private func zero() async throws {
        let range = range()
        let mayUnmap = Bool.random(using: &chance)
        note(mayUnmap ? "zero and unmap" : "zero", range)
        for position in range { expected[position] = 0 }
        try await test.image.writeZeroes(
            at: GuestOffset(Int64(range.lowerBound)), count: Int64(range.count), flags: mayUnmap ? .mayUnmap : [])
    }

    private func discard() async throws {
        let range = range()
        note("discard", range)
        let size = setup.clusterSize
        let first = (range.lowerBound + size - 1) / size * size
        let last = range.upperBound == expected.count ? range.upperBound : range.upperBound / size * size
        if first < last && (setup.hasZeroBit || setup.backingLength == nil) {
            for position in first..<last { expected[position] = 0 }
        }
        try await test.image.discard(at: GuestOffset(Int64(range.lowerBound)), count: Int64(range.count))
    }

    private func writeCompressed() async throws {
        guard !setup.hasDataFile else { return try await write() }
        let size = setup.clusterSize
        let start = Int.random(in: 0..<expected.count, using: &chance) / size * size
        let range = start..<min(expected.count, start + size * Int.random(in: 1...5, using: &chance))
        note("write compressed", range)
        stamp = stamp == 255 ? 1 : stamp + 1
        let isNoise = Int.random(in: 0..<4, using: &chance) == 0
        for position in range {
            expected[position] = isNoise ? UInt8.random(in: 0...255, using: &chance) : stamp ^ UInt8(truncatingIfNeeded: position >> 7)
        }
        try await test.image.writeCompressed(at: GuestOffset(Int64(start)), array: Array(expected[range]))
    }

    private func flush() async throws {
        history.append("flush")
        try await test.image.flush()
    }

    private func reopen() async throws {
        history.append("reopen")
        try await test.reopen()
    }
}

extension Qcow2Image {
    /// Writes an array.
    func write(at offset: GuestOffset, array: [UInt8], flags: WriteFlags = []) async throws(BlockError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: 512)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: array)
        try await write(at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[..<array.count]), flags: flags)
    }

    /// Writes an array compressed.
    func writeCompressed(at offset: GuestOffset, array: [UInt8], flags: WriteFlags = []) async throws(BlockError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: 512)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: array)
        try await writeCompressed(at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[..<array.count]), flags: flags)
    }
}
