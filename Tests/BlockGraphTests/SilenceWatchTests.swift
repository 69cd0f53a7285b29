import Storage
import Testing

@testable import BlockGraph

/// Which nodes an operator hears of.
@Suite struct SilenceWatchTests {
    private func sample(_ user: Int, _ node: String, ended: UInt64) -> SilenceWatch.Sample {
        SilenceWatch.Sample(user: UserID(number: user), node: node, ended: ended)
    }

    @Test func `a node is told of once when no request of a user has ended for the limit, and once when one has`() {
        var watch = SilenceWatch(limit: 10)
        #expect(watch.look([sample(1, "a", ended: 5)], at: 100).isEmpty)
        #expect(watch.look([sample(1, "a", ended: 5)], at: 109).isEmpty)
        #expect(watch.look([sample(1, "a", ended: 5)], at: 110) == [.silent(node: "a")])
        #expect(watch.look([sample(1, "a", ended: 5)], at: 120).isEmpty)
        #expect(watch.look([sample(1, "a", ended: 6)], at: 121) == [.answers(node: "a")])
        #expect(watch.look([sample(1, "a", ended: 6)], at: 131) == [.silent(node: "a")])
        #expect(watch.look([], at: 132) == [.answers(node: "a")])
    }

    @Test func `requests that end are no silence, and two users are one node`() {
        var watch = SilenceWatch(limit: 10)
        for time in 0..<10 { #expect(watch.look([sample(1, "a", ended: UInt64(time))], at: UInt64(time * 5)).isEmpty) }
        _ = watch.look([sample(1, "b", ended: 0), sample(2, "b", ended: 0)], at: 100)
        #expect(watch.look([sample(1, "b", ended: 0), sample(2, "b", ended: 0)], at: 110) == [.silent(node: "b")])
        #expect(watch.look([sample(2, "b", ended: 0)], at: 111).isEmpty, "the other user still waits")
    }

    @Test func `a user that was moved to another node begins anew`() {
        var watch = SilenceWatch(limit: 10)
        _ = watch.look([sample(1, "a", ended: 5)], at: 0)
        #expect(watch.look([sample(1, "b", ended: 5)], at: 10).isEmpty)
    }
}
