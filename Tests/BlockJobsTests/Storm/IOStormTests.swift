import Glibc
import TestSupport
import Testing

/// Storms of I/O under jobs: see `StormPlay`. `IO_STORM_SEEDS=300` plays so many seeds, `STORM_SEED=7` that one; `make prove` asks for them, since a storm
/// guesses from the loop's turns when all is idle, and other tests on the same processors make that guess wrong.
@Suite(.serialized) struct IOStormTests {
    private static let seeds: ClosedRange<UInt64> = {
        if let one = number("STORM_SEED") { return one...one }
        return 1...max(1, number("IO_STORM_SEEDS") ?? UInt64(Sanitized.times(24)))
    }()

    private static let isAskedFor = number("STORM_SEED") != nil || number("IO_STORM_SEEDS") != nil

    private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

    @Test(.enabled(if: isAskedFor, "`make prove` plays storms"), .timeLimit(.minutes(60)), arguments: seeds)
    func `copies are of their moment and everybody is answered`(seed: UInt64) async throws {
        print("storm of \(StormScene(seed: seed))")
        let faults = try await StormPlay(StormScene(seed: seed)).play()
        #expect(faults.isEmpty, "STORM_SEED=\(seed)\n\(faults.joined(separator: "\n"))")
    }
}
