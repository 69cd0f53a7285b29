import JSON
import Testing

@testable import QMP

@Suite struct EnvelopeTests {
    @Test(arguments: [
        (#"{"execute":"nope"}"#, error("The command nope has not been found", class: "CommandNotFound")),
        (#"{"execute":"fail","id":"a"}"#, error("Device 'x' not found", class: "DeviceNotFound", id: "\"a\"")),
        ("{}", error("QMP input lacks member 'execute'")),
        (#"{"id":7}"#, error("QMP input lacks member 'execute'", id: "7")),
        (#"{"execute":1}"#, error("QMP input member 'execute' must be a string")),
        (#"{"execute":"ping","foo":1}"#, error("QMP input member 'foo' is unexpected")),
        (#"{"":1}"#, error("QMP input member '' is unexpected")),
        (#"{"execute":"ping","arguments":[],"id":3}"#, error("QMP input member 'arguments' must be an object", id: "3")),
        (#"{"execute":"ping","arguments":null}"#, error("QMP input member 'arguments' must be an object")),
        ("[1]", error("QMP input must be a JSON object")),
        ("\"abc\"", error("QMP input must be a JSON object")),
        ("1 ", error("QMP input must be a JSON object")),
        ("null ", error("QMP input must be a JSON object")),
        (#"{"exec-oob":"ping"}"#, error("QMP input member 'exec-oob' is unexpected")),
        (#"{"exec-oob":1,"id":4}"#, error("QMP input member 'exec-oob' is unexpected", id: "4")),
        (#"{"execute":"ping","exec-oob":"ping"}"#, error("QMP input member 'exec-oob' is unexpected")),
        (#"{"execute":"don't é"}"#, error(#"The command don't \u00E9 has not been found"#, class: "CommandNotFound")),
        (#"{"execute":}"#, error("JSON parse error, expecting value")),
        (#"{"execute":"echo"}"#, error("Parameter 'text' is missing")),
    ])
    func `a bad request is refused in the reference's words and the session goes on`(input: String, reply: String) {
        let session = TestSession.negotiated()
        session.type(input + #"{"execute":"ping","id":"next"}"#)
        #expect(session.lines() == [reply, #"{"return": {}, "id": "next"}"#])
    }

    @Test(arguments: [
        (#"{"exec-oob":"slow"}"#, error("The command slow does not support OOB")),
        (#"{"exec-oob":"qmp_capabilities"}"#, error("The command qmp_capabilities does not support OOB")),
        (#"{"exec-oob":"nope"}"#, error("The command nope has not been found", class: "CommandNotFound")),
        (#"{"exec-oob":5}"#, error("QMP input member 'exec-oob' must be a string")),
        (#"{"execute":"ping","exec-oob":"ping","id":1}"#, error("QMP input member 'execute' clashes with 'exec-oob'", id: "1")),
    ])
    func `out-of-band requests are checked once the capability is enabled`(input: String, reply: String) {
        let session = TestSession.negotiated(outOfBand: true)
        session.type(input)
        #expect(session.lines() == [reply])
    }

    @Test(arguments: [
        ("null", "null"), ("1.0", "1"), ("18446744073709551615", "18446744073709551615"),
        ("[1e3,{\"a\":\"é\"}]", #"[1000, {"a": "\u00E9"}]"#),
        ("18446744073709551616", "1.8446744073709552e+19"), ("true", "true"), ("\"\"", "\"\""),
    ])
    func `an id of any kind is echoed`(id: String, echoed: String) {
        let session = TestSession.negotiated()
        session.type("{\"execute\":\"ping\",\"id\":\(id)}{\"id\":\(id),\"execute\":\"nope\"}")
        #expect(
            session.lines() == [
                "{\"return\": {}, \"id\": \(echoed)}",
                error("The command nope has not been found", class: "CommandNotFound", id: echoed),
            ])
    }

    @Test func `the pretty style ends every line with CRLF`() {
        let session = TestSession.negotiated(style: .pretty)
        session.type(#"{"execute":"echo","arguments":{"text":{"a":[1]}},"id":{"b":2}}"#)
        #expect(
            session.lines() == [
                "{", "    \"return\": {", "        \"a\": [", "            1", "        ]", "    },", "    \"id\": {", "        \"b\": 2",
                "    }",
                "}",
            ])
    }

    @Test func `an event carries its time, and goes only to who has negotiated`() {
        let event = EncodedEvent("STOP", data: ["a": 1] as JSONValue, at: EventTime(seconds: 5, microseconds: 7), withPretty: false)
        let session = TestSession()
        session.onQueue { $0.send(event) }
        #expect(session.lines().count == 1)
        session.type(#"{"execute":"qmp_capabilities"}"#)
        session.onQueue { $0.send(event) }
        #expect(
            session.lines().last
                == #"{"timestamp": {"seconds": 5, "microseconds": 7}, "event": "STOP", "data": {"a": 1}}"#)
        let bare = EncodedEvent("RESUME", data: nil, at: EventTime(seconds: 5, microseconds: 0), withPretty: false)
        #expect(
            String(decoding: bare.bytes(.compact), as: UTF8.self)
                == "{\"timestamp\": {\"seconds\": 5, \"microseconds\": 0}, \"event\": \"RESUME\"}\r\n")
    }
}
