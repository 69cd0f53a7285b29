import JSON
import Testing

@testable import QMP

/// What clients may have the daemon hold for them.
@Suite struct BudgetTests {
    private let refusal = error("Input of all clients exceeds the limit")

    /// `echo` of a text of this size.
    private func echo(_ size: Int, id: String) -> String {
        #"{"execute":"echo","arguments":{"text":"\#(String(repeating: "x", count: size))"},"id":"\#(id)"}"#
    }

    /// The start of a message of about this size that does not end yet.
    private func beginning(_ size: Int) -> String {
        #"{"execute":"echo","arguments":{"text":"\#(String(repeating: "y", count: size))"#
    }

    @Test func `requests that wait are held back by their bytes, not only by their number`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"slow"}"#)
        for number in 1...2 {
            session.type(echo(700 << 10, id: "\(number)"))
            _ = session.lines()
            session.settle()
        }
        #expect(!session.wantsInput)
        session.onQueue { _ in session.commands.release() }
        #expect(session.lines(atLeast: 3).count == 3)
        #expect(session.wantsInput)
        #expect(session.onQueue { _ in session.budget.used } == 0)
    }

    @Test func `who holds most gives up, not who comes next`() {
        let hoarder = TestSession.negotiated(budget: 2 << 20)
        let honest = TestSession.negotiated(beside: hoarder)
        hoarder.type(beginning(1900 << 10))
        honest.type(echo(300 << 10, id: "honest"))
        #expect(honest.lines(atLeast: 1).first?.hasSuffix(#""id": "honest"}"#) == true)
        #expect(hoarder.lines(atLeast: 1) == [refusal])
        // The rest of what was given up is passed over.
        hoarder.type(#""}}{"execute":"ping"}"#)
        #expect(hoarder.lines(atLeast: 1) == [#"{"return": {}}"#])
        #expect(honest.onQueue { _ in honest.budget.used } == 0)
    }

    @Test func `a large request that waits is given up and answered in its turn`() {
        let hoarder = TestSession.negotiated(budget: 2 << 20)
        let other = TestSession.negotiated(beside: hoarder)
        hoarder.type(#"{"execute":"slow","id":1}"#)
        hoarder.type(echo(1300 << 10, id: "2"))
        hoarder.settle()
        hoarder.type(#"{"execute":"ping","id":3}"#)
        other.type(beginning(500 << 10))
        other.settle()
        other.type(String(repeating: "z", count: 400 << 10))
        #expect(hoarder.lines().isEmpty)
        hoarder.onQueue { _ in hoarder.commands.release() }
        #expect(
            hoarder.lines(atLeast: 3) == [
                #"{"return": {}, "id": 1}"#, error("Input of all clients exceeds the limit", id: #""2""#), #"{"return": {}, "id": 3}"#,
            ])
        other.type(#""},"id":4}"#)
        #expect(other.lines(atLeast: 1).first?.hasSuffix(#""id": 4}"#) == true)
    }

    @Test func `requests that wait go with their client`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"slow"}"#)
        session.type(echo(700 << 10, id: "1"))
        session.settle()
        #expect(session.onQueue { _ in session.budget.used } > 700 << 10)
        session.onQueue { $0.close() }
        #expect(session.onQueue { _ in session.budget.used } < 100)
        session.onQueue { _ in session.commands.release() }
        #expect(session.onQueue { _ in session.budget.used } == 0)
    }

    @Test func `replies that a client does not read count, and cost the one who holds most its connection`() {
        let lazy = TestSession.negotiated(budget: 2 << 20)
        let other = TestSession.negotiated(beside: lazy)
        lazy.onQueue { _ in lazy.unread = 1900 << 10 }
        lazy.type(#"{"execute":"ping"}"#)
        other.type(beginning(300 << 10))
        #expect(lazy.isCutOff)
        other.type(#""},"id":4}"#)
        #expect(other.lines(atLeast: 1).first?.hasSuffix(#""id": 4}"#) == true)
        #expect(!other.isCutOff)
    }
}
