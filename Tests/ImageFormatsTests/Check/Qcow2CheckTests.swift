import Glibc
import ImageFormats
import Storage
import TestSupport
import Testing

@Suite struct `qcow2 check` {
    /// How many broken images of each kind are compared; more with QCOW2_MUTATIONS.
    private static let mutations = getenv("QCOW2_MUTATIONS").flatMap { Int(String(cString: $0)) } ?? 10

    @Test(arguments: SampleImage.all)
    func `finds sound images sound, with the reference's numbers`(sample: SampleImage) async throws {
        let (image, reference) = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try sample.make(tools, as: "i")
            return (try tools.bytes("i"), try tools.check("i"))
        }
        let outcome = try await check(image)
        let result = try #require(outcome.result)
        #expect(result.isClean && result.findings.isEmpty)
        #expect(CheckNumbers(result) == reference)
        #expect(outcome.image == image)
    }

    @Test func `needs no refcounts of clusters in an external data file`() async throws {
        let (image, reference) = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "4M", options: "data_file=d.raw,cluster_size=4k")
            try tools.io("i", ["write 0 100k", "write 1M 64k"])
            return (try tools.bytes("i"), try tools.check("i"))
        }
        let result = try #require(try await check(image).result)
        #expect(result.isClean)
        #expect(CheckNumbers(result) == reference)
    }

    @Test(arguments: SampleImage.all.filter { $0.name != "empty" })
    func `finds in broken images what the reference finds`(sample: SampleImage) async throws {
        for seed in 0..<UInt64(Self.mutations) {
            let (image, story, reference) = try await BlockingWork.shared.run {
                let tools = try QemuTools()
                try sample.make(tools, as: "i")
                var mutation = try ImageMutation(try tools.bytes("i"), seed: seed)
                for _ in 0...seed % 3 { mutation.mutate() }
                try tools.write(mutation.image, to: "m")
                return (mutation.image, mutation.story, try tools.check("m"))
            }
            let outcome = try await check(image)
            let context: Comment = "\(sample.name), seed \(seed): \(story)"
            let result = outcome.result
            if let reference {
                #expect(result.map { CheckNumbers($0) } == reference, context)
            } else {
                // Where the reference gives up we may have found what is wrong.
                #expect(result?.isClean != true, context)
            }
            let isUnchanged = outcome.image == image
            #expect(isUnchanged, "a check changes nothing")
        }
    }

    @Test(arguments: SampleImage.all.filter { $0.name != "empty" })
    func `repairs what the reference repairs`(sample: SampleImage) async throws {
        for seed in 1000..<1000 + UInt64(Self.mutations) {
            let isFull = seed % 4 != 0
            let (image, story, reference) = try await BlockingWork.shared.run {
                let tools = try QemuTools()
                try sample.make(tools, as: "i")
                var mutation = try ImageMutation(try tools.bytes("i"), seed: seed)
                for _ in 0...seed % 3 { mutation.mutate() }
                try tools.write(mutation.image, to: "m")
                // The reference may make the file so long that it does not come to an end.
                return (mutation.image, mutation.story, try? tools.check("m", repair: isFull ? "all" : "leaks"))
            }
            let context: Comment = "\(sample.name), seed \(seed): \(story)"
            let outcome = try await check(image, repair: isFull ? .all : .leaks)
            let remaining = try await check(outcome.image).result.map { CheckNumbers($0) }
            let judged = try await BlockingWork.shared.run {
                let tools = try QemuTools()
                try tools.write(outcome.image, to: "r")
                return try tools.check("r")
            }
            guard var reference else { continue }
            #expect(judged == remaining, context)
            var result = try #require(remaining, context)
            // What is left refers to places that the repairs have chosen differently.
            #expect(result.corruptions <= reference.corruptions && result.leaks <= reference.leaks, context)
            guard reference.corruptions == 0 else { continue }
            // The reference makes the file long enough for a block outside of it, whose own refcount is then wrong, too.
            if outcome.result?.findings.contains(where: { $0.message.hasSuffix("outside of the image") }) ?? false { continue }
            result.corruptionsFixed = outcome.result?.corruptionsFixed ?? 0
            result.leaksFixed = outcome.result?.leaksFixed ?? 0
            reference.imageEnd = result.imageEnd
            #expect(result == reference, context)
        }
    }
}
