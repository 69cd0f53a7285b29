import Glibc
import ImageFormats
import Storage
import TestSupport
import Testing

@testable import ImageFormats

@Suite struct `qcow2 repair` {
    private func sample(_ name: String) throws -> SampleImage { try #require(SampleImage.all.first { $0.name == name }) }

    private func image(_ name: String) async throws -> [UInt8] {
        let sample = try sample(name)
        return try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try sample.make(tools, as: "i")
            return try tools.bytes("i")
        }
    }

    private func broken(_ name: String, seed: UInt64) async throws -> [UInt8] {
        var mutation = try ImageMutation(try await image(name), seed: seed)
        for _ in 0..<3 { mutation.mutate() }
        return mutation.image
    }

    @Test(arguments: ["small clusters", "64 bits and snapshots", "one bit", "bitmaps"])
    func `counts the same in several stretches`(name: String) async throws {
        for seed in 0..<12 as Range<UInt64> {
            let image = try await broken(name, seed: seed)
            let header = try Qcow2Header(image: image)
            for repair in [Qcow2Repair.none, .leaks, .all] {
                var outcomes: [CheckNumbers?] = []
                for stretch in [Int64(1), 1 << 24] {
                    let disk = SimulatedStorage(seed: seed, contents: image)
                    let result = try? await Qcow2Checker.check(file: disk, header: header, repair: repair, stretch: stretch)
                    outcomes.append(result.map { CheckNumbers($0) })
                }
                #expect(outcomes[0] == outcomes[1], "\(name), seed \(seed), \(repair)")
            }
        }
    }

    /// Stops a repair at each of its writes, loses by chance what was not flushed, and repairs what is left.
    @Test(arguments: ["small clusters", "64 bits and snapshots", "subclusters", "version 2 and snapshots"])
    func `is as good after a crash at any write`(name: String) async throws {
        for seed in 0..<4 as Range<UInt64> {
            let image = try await broken(name, seed: seed + 50)
            let whole = SimulatedStorage(seed: seed, contents: image)
            guard let goal = try? await Qcow2Checker.check(file: whole, header: try Qcow2Header(image: image), repair: .all),
                goal.isClean
            else { continue }
            let before = try await check(image).result
            var writes = 0
            while true {
                let disk = SimulatedStorage(seed: seed &* 1000 &+ UInt64(writes), contents: image)
                disk.changesUntilDeath = writes
                let isDone = (try? await Qcow2Checker.check(file: disk, header: try Qcow2Header(image: image), repair: .all)) != nil
                disk.crash()
                let after = try await check(disk.contents).result
                let context: Comment = "\(name), seed \(seed), write \(writes)"
                #expect(after?.corruptions ?? .max <= before?.corruptions ?? .max, context)
                let repaired = try await check(disk.contents, repair: .all)
                #expect(repaired.result?.isClean == true, context)
                if isDone { break }
                writes += 1
            }
        }
    }

    @Test func `frees what a lost bitmap directory leaves behind, and takes the dirty bit away`() async throws {
        var image = try await image("bitmaps")
        // Byte 79 has the dirty bit, byte 95 says that the bitmaps' directory tells the truth.
        image[79] |= 1
        image[95] &= ~1
        let outcome = try await check(image, repair: .all)
        #expect(outcome.result?.isClean == true)
        #expect((outcome.result?.leaksFixed ?? 0) > 0)
        #expect(try Qcow2Header(image: outcome.image).incompatible.isEmpty)
    }

    @Test func `completes a snapshot table that lacks what version 3 demands`() async throws {
        let sample = try sample("64 bits and snapshots")
        var image = try await image(sample.name)
        let header = try Qcow2Header(image: image)
        // The length of the first entry's extra data: 24 becomes 8, and the rest of it becomes the beginning of a longer id.
        let table = Int(header.snapshotsOffset)
        image[table + 39] = 8
        image[table + 13] += 16
        let found = try await check(image).result
        #expect(found?.corruptions == 1)
        let outcome = try await check(image, repair: .all)
        #expect(outcome.result?.isClean == true && outcome.result?.corruptionsFixed == 1)
        let judged = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.write(outcome.image, to: "r")
            return try tools.check("r")
        }
        #expect(judged?.corruptions == 0 && judged?.leaks == 0 && judged?.checkErrors == 0)
    }

    @Test func `refuses a table with too much extra data, and cuts it when everything is repaired`() async throws {
        var image = try await image("64 bits and snapshots")
        let table = Int(try Qcow2Header(image: image).snapshotsOffset)
        image[table + 38] = 5
        #expect(try await check(image).result == nil)
        let outcome = try await check(image, repair: .all)
        #expect(outcome.result?.isComplete == true)
        #expect(try await check(outcome.image).result != nil)
    }
}
