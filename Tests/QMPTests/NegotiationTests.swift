import JSON
import Testing

@testable import QMP

@Suite struct NegotiationTests {
    @Test func `a client is greeted with version and capabilities`() {
        #expect(
            TestSession().lines() == [
                #"{"QMP": {"version": {"qemu": {"micro": 0, "minor": 1, "major": 10}, "package": "p"}, "capabilities": ["oob"]}}"#
            ])
    }

    @Test(arguments: [
        (#"{"execute":"ping"}"#, error("Expecting capabilities negotiation with 'qmp_capabilities'", class: "CommandNotFound")),
        (
            #"{"execute":"nope","id":1}"#,
            error("Expecting capabilities negotiation with 'qmp_capabilities'", class: "CommandNotFound", id: "1")
        ),
        (#"{"exec-oob":"ping"}"#, error("QMP input member 'exec-oob' is unexpected")),
        (#"{"execute":"qmp_capabilities","arguments":{"enable":["foo"]}}"#, error("Parameter 'null' does not accept value 'foo'")),
        (#"{"execute":"qmp_capabilities","arguments":{"enable":"oob"}}"#, error("Invalid parameter type for 'enable', expected: array")),
        (#"{"execute":"qmp_capabilities","arguments":{"enable":null}}"#, error("Invalid parameter type for 'enable', expected: array")),
        (
            #"{"execute":"qmp_capabilities","arguments":{"enable":["oob",1]}}"#,
            error("Invalid parameter type for 'enable[1]', expected: string")
        ),
        (#"{"execute":"qmp_capabilities","arguments":{"enable":[],"x":1}}"#, error("Parameter 'x' is unexpected")),
        (#"{"execute":"qmp_capabilities","arguments":{"enable":["foo"],"x":1}}"#, error("Parameter 'null' does not accept value 'foo'")),
        (#"{"execute":"qmp_capabilities","arguments":[]}"#, error("QMP input member 'arguments' must be an object")),
    ])
    func `before negotiation nothing else is understood, and it can be tried again`(input: String, reply: String) {
        let session = TestSession()
        _ = session.lines()
        session.type(input + #"{"execute":"qmp_capabilities","id":"again"}{"execute":"ping"}"#)
        #expect(session.lines() == [reply, #"{"return": {}, "id": "again"}"#, #"{"return": {}}"#])
    }

    @Test func `negotiation happens once`() {
        let session = TestSession.negotiated()
        session.type(#"{"execute":"qmp_capabilities"}{"execute":"qmp_capabilities","arguments":{"foo":1}}"#)
        #expect(
            session.lines() == [
                error("Capabilities negotiation is already complete, command ignored", class: "CommandNotFound"),
                error("Parameter 'foo' is unexpected"),
            ])
    }

    @Test func `a client may write everything before it reads the greeting`() {
        let session = TestSession()
        session.type(#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}{"execute":"ping"}{"exec-oob":"ping"}"#)
        #expect(session.lines().dropFirst() == [#"{"return": {}}"#, #"{"return": {}}"#, #"{"return": {}}"#])
        #expect(session.onQueue { _ in session.commands.order } == ["ping", "ping!"])
    }
}
