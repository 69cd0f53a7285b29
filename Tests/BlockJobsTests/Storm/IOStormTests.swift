import Glibc
import TestSupport
import Testing

/// Storms of I/O under jobs: see `StormPlay`. `IO_STORM_SEEDS=300` plays so many seeds, `STORM_SEED=7` begins with that one, and plays it alone without a number.
@Suite(.serialized) struct IOStormTests {
    private static let seeds: ClosedRange<UInt64> = {
        let first = number("STORM_SEED")
        let count = number("IO_STORM_SEEDS") ?? (first == nil ? UInt64(Sanitized.times(12)) : 1)
        return (first ?? 1)...(first ?? 1) + max(1, count) - 1
    }()

    private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    @Test(.timeLimit(.minutes(60)), arguments: seeds)
    func `copies are of their moment and everybody is answered`(seed: UInt64) async throws {
        let scene = StormScene(seed: seed)
        let report = try await StormPlay(scene)()
        print(
            "storm \(report.faults.isEmpty ? "good" : "BAD") \(scene) answers \(report.answers) longest \(report.longestWait) \(report.digest)"
        )
        #expect(report.faults.isEmpty, "STORM_SEED=\(seed)\n\(report.faults.joined(separator: "\n"))")
    }

    private static let hashesAlike = getenv("SWIFT_DETERMINISTIC_HASHING") != nil

    @Test(.enabled(if: hashesAlike, "sets are walked in another order each time"), .timeLimit(.minutes(10)), arguments: seeds.prefix(3))
    func `the same seed is the same storm, decision by decision`(seed: UInt64) async throws {
        let first = try await StormPlay(StormScene(seed: seed))()
        let second = try await StormPlay(StormScene(seed: seed))()
        #expect((first.digest, first.answers) == (second.digest, second.answers))
    }
}
