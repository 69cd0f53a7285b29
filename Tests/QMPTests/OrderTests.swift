import JSON
import Testing

@testable import QMP

@Suite struct OrderTests {
    @Test func `in-band requests behind a slow one wait and are answered in order`() {
        let session = TestSession.negotiated()
        session.type(
            #"{"execute":"slow","id":1}{"execute":"ping","id":2}{"execute":"nope","id":3}{"execute":"slow","id":4}{"execute":"ping","id":5}"#
        )
        #expect(session.lines().isEmpty)
        #expect(session.onQueue { _ in session.commands.order } == ["slow"])
        session.onQueue { _ in session.commands.release() }
        #expect(
            session.lines() == [
                #"{"return": {}, "id": 1}"#, #"{"return": {}, "id": 2}"#,
                error("The command nope has not been found", class: "CommandNotFound", id: "3"),
            ])
        session.onQueue { _ in session.commands.release(.failure(QMPError("no"))) }
        #expect(session.lines() == [error("no", id: "4"), #"{"return": {}, "id": 5}"#])
    }

    @Test func `an out-of-band request overtakes those that wait`() {
        let session = TestSession.negotiated(outOfBand: true)
        session.type(#"{"execute":"slow","id":1}{"execute":"ping","id":2}{"exec-oob":"ping","id":3}{"exec-oob":"nope","id":4}"#)
        #expect(
            session.lines() == [
                #"{"return": {}, "id": 3}"#, error("The command nope has not been found", class: "CommandNotFound", id: "4"),
            ])
        session.onQueue { _ in session.commands.release() }
        #expect(session.lines() == [#"{"return": {}, "id": 1}"#, #"{"return": {}, "id": 2}"#])
    }

    @Test func `with eight requests waiting reading stops, and goes on when one is begun`() {
        let session = TestSession.negotiated(outOfBand: true)
        session.type(#"{"execute":"slow"}"#)
        for number in 1...8 {
            #expect(session.wantsInput)
            session.type("{\"execute\":\"ping\",\"id\":\(number)}")
        }
        #expect(!session.wantsInput)
        // What was read already is kept, an out-of-band request too.
        session.type(#"{"exec-oob":"ping","id":"oob"}{"execute":"ping","id":9}"#)
        #expect(session.lines().isEmpty)
        session.onQueue { _ in session.commands.release() }
        #expect(
            session.lines() == ["{\"return\": {}}"] + (1...8).map { "{\"return\": {}, \"id\": \($0)}" } + [
                #"{"return": {}, "id": "oob"}"#, #"{"return": {}, "id": 9}"#,
            ])
        #expect(session.wantsInput)
    }

    @Test func `an event that a command causes comes before its reply`() {
        let session = TestSession.negotiated()
        session.onQueue { inner in
            session.commands.beforeReply = {
                inner.send(EncodedEvent("E", data: nil, at: EventTime(seconds: 0, microseconds: 0), withPretty: false))
            }
        }
        session.type(#"{"execute":"ping"}"#)
        let lines = session.lines()
        #expect(lines.count == 2 && lines[0].hasSuffix(#""event": "E"}"#) && lines[1] == #"{"return": {}}"#)
    }

    @Test func `large messages and replies keep their places`() throws {
        let session = TestSession.negotiated()
        let text = String(repeating: "x", count: 1 << 20)
        session.type(
            "{\"execute\":\"ping\",\"id\":1}{\"execute\":\"echo\",\"arguments\":{\"text\":\"\(text)\"},\"id\":2}{\"execute\":\"ping\",\"id\":3}"
        )
        session.type(#"{"execute":"big","id":4}{"execute":"ping","id":5}"#)
        let lines = session.lines(atLeast: 5)
        try #require(lines.count == 5)
        #expect(lines[0] == #"{"return": {}, "id": 1}"#)
        #expect(lines[1] == "{\"return\": \"\(text)\", \"id\": 2}")
        #expect(lines[2] == #"{"return": {}, "id": 3}"#)
        #expect(lines[3].utf8.count == (1 << 20) + "{\"return\": \"\", \"id\": 4}".utf8.count)
        #expect(lines[4] == #"{"return": {}, "id": 5}"#)
    }

    @Test func `a large bad message gives its one error in its place`() {
        let session = TestSession.negotiated()
        let text = String(repeating: "x", count: 1 << 20)
        session.type("{\"execute\":\"\(text)\" \"b\"}{\"execute\":\"ping\",\"id\":3}")
        #expect(session.lines(atLeast: 2) == [error("JSON parse error, expected separator in dict"), #"{"return": {}, "id": 3}"#])
        session.type("{\"execute\":\"\(text)\"}{\"execute\":\"ping\",\"id\":3}")
        #expect(
            session.lines(atLeast: 2) == [
                error("The command \(text) has not been found", class: "CommandNotFound"), #"{"return": {}, "id": 3}"#,
            ])
    }

    @Test func `thousands of requests in one read are all answered, in turns`() {
        let session = TestSession.negotiated()
        session.type((0..<5000).map { "{\"execute\":\"ping\",\"id\":\($0)}" }.joined())
        #expect(session.lines(atLeast: 5000) == (0..<5000).map { "{\"return\": {}, \"id\": \($0)}" })
        #expect(session.wantsInput)
    }

    @Test func `after the input has ended everything is still answered`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"slow","id":1}{"execute":"ping","id":2}{"execute":"#)
        session.onQueue { $0.inputDidEnd() }
        #expect(!session.onQueue { _ in session.hasFinished })
        session.onQueue { _ in session.commands.release() }
        #expect(session.lines() == [#"{"return": {}, "id": 1}"#, #"{"return": {}, "id": 2}"#])
        #expect(session.onQueue { _ in session.hasFinished })
    }

    @Test func `an early reply goes out at once, and the next request runs when the command has ended`() {
        let session = TestSession.negotiated(outOfBand: true)
        session.type(#"{"execute":"slow","id":1}{"execute":"ping","id":2}{"exec-oob":"ping","id":3}"#)
        session.onQueue { _ in session.commands.held.first?.replyEarly(.empty) }
        #expect(session.lines() == [#"{"return": {}, "id": 3}"#, #"{"return": {}, "id": 1}"#])
        #expect(session.onQueue { _ in session.commands.order } == ["slow", "ping!"])
        // What else the command says is dropped.
        session.onQueue { _ in session.commands.release(.failure(QMPError("late"))) }
        #expect(session.lines() == [#"{"return": {}, "id": 2}"#])
    }

    @Test func `an early reply that is encoded aside does not end the command before it is sent`() {
        let session = TestSession.negotiated()
        let id = String(repeating: "i", count: Session.largeSize)
        session.type("{\"execute\":\"slow\",\"id\":\"\(id)\"}{\"execute\":\"ping\",\"id\":2}")
        while session.onQueue({ _ in session.commands.held.isEmpty }) {}
        session.onQueue { _ in
            session.commands.held.first?.replyEarly(.empty)
            session.commands.release()
        }
        #expect(session.lines(atLeast: 2) == ["{\"return\": {}, \"id\": \"\(id)\"}", #"{"return": {}, "id": 2}"#])
    }

    @Test func `with an early reply the end of the input waits for the command`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"slow"}"#)
        session.onQueue {
            $0.inputDidEnd()
            session.commands.held.first?.replyEarly(.empty)
        }
        #expect(session.lines() == [#"{"return": {}}"#])
        #expect(!session.onQueue { _ in session.hasFinished })
        session.onQueue { _ in session.commands.release() }
        #expect(session.onQueue { _ in session.hasFinished })
    }

    @Test func `when requests are stopped the one in progress is answered and no other`() {
        let session = TestSession.negotiated(outOfBand: true)
        session.type(#"{"execute":"slow","id":1}{"execute":"ping","id":2}"#)
        session.onQueue { $0.stopRequests() }
        session.type(#"{"exec-oob":"ping","id":3}{"execute":"ping","id":4}"#)
        session.onQueue { _ in session.commands.release() }
        #expect(session.lines() == [#"{"return": {}, "id": 1}"#])
        #expect(session.onQueue { _ in session.commands.order } == ["slow"])
        #expect(!session.wantsInput)
        #expect(session.onQueue { _ in session.budget.used } == 0)
    }

    @Test func `a reply for a client that has gone is dropped`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"slow"}{"execute":"ping"}"#)
        session.onQueue {
            $0.close()
            session.commands.release()
        }
        #expect(session.lines().isEmpty)
        #expect(session.onQueue { _ in session.commands.order } == ["slow"])
    }

    @Test func `while its output is congested a session begins nothing`() {
        let session = TestSession.negotiated()
        session.onQueue { $0.setCongested(true) }
        #expect(!session.wantsInput)
        session.type(#"{"execute":"ping"}"#)
        #expect(session.lines().isEmpty)
        session.onQueue { $0.setCongested(false) }
        #expect(session.lines() == [#"{"return": {}}"#])
        #expect(session.wantsInput)
    }

    @Test func `beyond the budget of all clients a large message is refused once`() {
        let session = TestSession.negotiated(budget: 1 << 20)
        let part = [UInt8](repeating: UInt8(ascii: "x"), count: 200 << 10)
        session.type(#"{"execute":"echo","arguments":{"text":""#)
        for _ in 0..<8 { session.type(part) }
        session.type(#""}}{"execute":"ping"}"#)
        #expect(session.lines(atLeast: 2) == [error("Input of all clients exceeds the limit"), #"{"return": {}}"#])
        #expect(session.onQueue { _ in session.budget.used } == 0)
    }
}
