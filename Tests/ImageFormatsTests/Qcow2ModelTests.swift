import Glibc
import ImageFormats
import Storage
import TestSupport
import Testing

/// How much of a random test is run: few seeds by default, so many when an environment variable says so.
enum Effort {
    static func count(_ variable: String, _ usual: Int) -> Int {
        getenv(variable).flatMap { Int(String(cString: $0)) } ?? usual
    }

    /// Of several kinds of image those whose options contain `QCOW2_OPTIONS`.
    static func chosen(_ setups: [ImageSetup]) -> [ImageSetup] {
        guard let text = getenv("QCOW2_OPTIONS").map({ String(cString: $0) }) else { return setups }
        return setups.filter { $0.testDescription.contains(text) }
    }

    /// Seeds for each kind of image; `QCOW2_FIRST_SEED` is the first.
    static var seeds: Range<UInt64> {
        let first = UInt64(count("QCOW2_FIRST_SEED", 1))
        return first..<first + UInt64(count("QCOW2_SEEDS", 3))
    }
}

@Suite struct `qcow2 images under random operations` {
    @Test(arguments: Effort.chosen(ImageSetup.all))
    func `show what was written and are clean after each close`(setup: ImageSetup) async throws {
        let template = try await setup.make()
        for seed in Effort.seeds {
            let test = try await TestImage(setup, template, seed: seed)
            let model = ModelRun(test, seed: seed, expected: template.contents(length: setup.length))
            do {
                for _ in 0..<40 { try await model.step() }
                #expect(try await model.compareAll(), "\(model.trace)")
                try await test.image.finishWriting()
            } catch {
                Issue.record("\(error): \(model.trace)")
                return
            }
            // The tools judge every seed of a short run, and every tenth of a long one.
            guard Effort.seeds.count < 20 || seed % 10 == 0 else {
                #expect(RefcountOracle(test.file.contents).judge() == .clean, "\(model.trace)")
                continue
            }
            let (complaint, contents) = try await test.judge(converting: true)
            #expect(complaint == nil, "\(model.trace)")
            #expect(contents == model.expected, "\(model.trace)")
            #expect(RefcountOracle(test.file.contents).judge() == .clean, "\(model.trace)")
            if setup.options.contains("raw=on") {
                let raw = test.data?.contents ?? []
                #expect(raw + [UInt8](repeating: 0, count: model.expected.count - raw.count) == model.expected, "\(model.trace)")
            }
        }
    }

    @Test(
        arguments: Effort.chosen(ImageSetup.all.filter { !$0.hasDataFile && !$0.options.contains("refcount_bits=") && $0.length < 2 << 20 })
    )
    func `show what was written through snapshots and changes of length`(setup: ImageSetup) async throws {
        let template = try await setup.make()
        for seed in Effort.seeds {
            let test = try await TestImage(setup, template, seed: seed)
            let model = ModelRun(test, seed: seed, expected: template.contents(length: setup.length))
            do {
                for _ in 0..<50 { try await model.stepOrReshape() }
                #expect(try await model.compareAll(), "\(model.trace)")
                try await test.image.finishWriting()
                let (complaint, contents) = try await test.judge(converting: true)
                #expect(complaint == nil && contents == model.expected, "\(complaint ?? "") \(model.trace)")
                try await model.deleteSnapshots()
                #expect(try await model.compareAll(), "\(model.trace)")
                try await test.image.finishWriting()
                #expect(RefcountOracle(test.file.contents).judge() == .clean, "\(model.trace)")
            } catch {
                Issue.record("\(error): \(model.trace)")
                return
            }
        }
    }
}
