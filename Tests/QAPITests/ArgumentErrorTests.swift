import QAPI
import TestSupport
import Testing

/// Wrong arguments are refused in the reference's words, in the reference's order.
@Suite struct ArgumentErrorTests {
    /// A command, its arguments, and the reference's answer.
    static let table: [(command: String, arguments: String, message: String)] = [
        ("transaction", #"{"actions":[1]}"#, "Invalid parameter type for 'actions[0]', expected: object"),
        ("transaction", #"{"actions":[{"type":"x"}]}"#, "Parameter 'type' does not accept value 'x'"),
        ("transaction", #"{"actions":[{"type":"abort"}]}"#, "Parameter 'actions[0].data' is missing"),
        ("transaction", #"{"actions":[{"type":"abort","data":{"x":1}}]}"#, "Parameter 'actions[0].data.x' is unexpected"),
        ("transaction", #"{"actions":[{"type":"abort","data":{}, "z":1}]}"#, "Parameter 'actions[0].z' is unexpected"),
        ("transaction", #"{"actions":[{}]}"#, "Parameter 'actions[0].type' is missing"),
        ("transaction", #"{"actions":{}}"#, "Invalid parameter type for 'actions', expected: array"),
        ("transaction", #"{}"#, "Parameter 'actions' is missing"),
        ("transaction", #"{"actions":[],"properties":{"completion-mode":"q"}}"#, "Parameter 'completion-mode' does not accept value 'q'"),
        ("transaction", #"{"actions":[],"properties":3}"#, "Invalid parameter type for 'properties', expected: object"),
        (
            "transaction", #"{"actions":[{"type":"abort","data":{}},{"type":"blockdev-backup","data":{"device":"x","sync":"full"}}]}"#,
            "Parameter 'actions[1].data.target' is missing"
        ),
        (
            "transaction", #"{"actions":[{"type":"abort","data":{}},{"type":"blockdev-backup","data":{"device":3,"sync":"full"}}]}"#,
            "Invalid parameter type for 'actions[1].data.device', expected: string"
        ),
        ("qmp_capabilities", #"{"enable":["foo"]}"#, "Parameter 'null' does not accept value 'foo'"),
        ("qmp_capabilities", #"{"enable":[1]}"#, "Invalid parameter type for 'enable[0]', expected: string"),
        ("qmp_capabilities", #"{"enable":"x"}"#, "Invalid parameter type for 'enable', expected: array"),
        ("qmp_capabilities", #"{"enable":null}"#, "Invalid parameter type for 'enable', expected: array"),
        ("blockdev-add", #"{"driver":"raw","file":5}"#, "Invalid parameter type for 'file', expected: BlockdevRef"),
        ("blockdev-add", #"{"driver":"raw","file":null}"#, "Invalid parameter type for 'file', expected: BlockdevRef"),
        (
            "blockdev-add", #"{"driver":"raw","file":{"driver":"raw","file":[]}}"#,
            "Invalid parameter type for 'file', expected: BlockdevRef"
        ),
        ("blockdev-add", #"{"driver":"raw","file":{"driver":"raw"}}"#, "Parameter 'file.file' is missing"),
        ("blockdev-add", #"{"driver":"raw"}"#, "Parameter 'file' is missing"),
        ("blockdev-add", #"{"driver":"zzz"}"#, "Parameter 'driver' does not accept value 'zzz'"),
        ("blockdev-add", #"{"driver":5}"#, "Invalid parameter type for 'driver', expected: string"),
        ("blockdev-add", #"{}"#, "Parameter 'driver' is missing"),
        ("blockdev-add", #"{"driver":"file"}"#, "Parameter 'filename' is missing"),
        (
            "blockdev-add", #"{"driver":"file","filename":"x","zz":1,"node-name":5}"#,
            "Invalid parameter type for 'node-name', expected: string"
        ),
        ("blockdev-add", #"{"driver":"file","filename":"x","zz":1}"#, "Parameter 'zz' is unexpected"),
        ("blockdev-add", #"{"driver":"raw","file":{"driver":"file","filename":"x","zz":1}}"#, "Parameter 'file.zz' is unexpected"),
        ("blockdev-add", #"{"driver":"raw","zz":1,"file":{"driver":"file","filename":"x","zz":1}}"#, "Parameter 'file.zz' is unexpected"),
        ("blockdev-add", #"{"driver":"null-co","size":"1"}"#, "Invalid parameter type for 'size', expected: integer"),
        ("blockdev-add", #"{"driver":"null-co","size":9223372036854775808}"#, "Invalid parameter type for 'size', expected: integer"),
        (
            "blockdev-add", #"{"driver":"null-co","latency-ns":-1,"node-name":5}"#,
            "Invalid parameter type for 'node-name', expected: string"
        ),
        ("blockdev-add", #"{"driver":"null-co","latency-ns":1.5}"#, "Parameter 'latency-ns' expects uint64"),
        ("blockdev-add", #"{"driver":"null-co","latency-ns":"x"}"#, "Parameter 'latency-ns' expects uint64"),
        ("blockdev-add", #"{"driver":"null-co","latency-ns":18446744073709551616}"#, "Parameter 'latency-ns' expects uint64"),
        ("blockdev-add", #"{"driver":"null-co","cache":{"direct":1}}"#, "Invalid parameter type for 'cache.direct', expected: boolean"),
        ("blockdev-add", #"{"driver":"null-co","cache":{"direct":true,"q":1}}"#, "Parameter 'cache.q' is unexpected"),
        ("blockdev-add", #"{"driver":"null-co","cache":1}"#, "Invalid parameter type for 'cache', expected: object"),
        ("blockdev-add", #"{"driver":"null-co","cache":{"direct":"on"}}"#, "Invalid parameter type for 'cache.direct', expected: boolean"),
        ("blockdev-mirror", #"{"device":"a","target":"b","sync":"full","granularity":-1}"#, "Parameter 'granularity' expects uint32_t"),
        (
            "blockdev-mirror", #"{"device":"a","target":"b","sync":"full","granularity":4294967296}"#,
            "Parameter 'granularity' expects uint32_t"
        ),
        ("blockdev-mirror", #"{"device":"a","target":"b","sync":"full","granularity":1.5}"#, "Parameter 'granularity' expects uint64"),
        ("blockdev-mirror", #"{"device":"a","target":"b","sync":"full","granularity":"1"}"#, "Parameter 'granularity' expects uint64"),
        (
            "blockdev-mirror", #"{"device":"a","target":"b","sync":"full","granularity":18446744073709551615}"#,
            "Parameter 'granularity' expects uint32_t"
        ),
        (
            "blockdev-create", #"{"job-id":"j2","options":{"driver":"file","filename":"x","size":"1M"}}"#,
            "Parameter 'options.size' expects uint64"
        ),
        ("blockdev-create", #"{"job-id":"j2","options":{"driver":"file","filename":"x"}}"#, "Parameter 'options.size' is missing"),
        ("blockdev-create", #"{"job-id":"j2","options":{"driver":"raw","size":1}}"#, "Parameter 'options.size' is unexpected"),
        ("blockdev-create", #"{"job-id":"j2","options":[]}"#, "Invalid parameter type for 'options', expected: object"),
        ("blockdev-create", #"{"options":{"driver":"file","filename":"x"}}"#, "Parameter 'job-id' is missing"),
        ("job-pause", #"{}"#, "Parameter 'id' is missing"),
        ("job-pause", #"{"id":1}"#, "Invalid parameter type for 'id', expected: string"),
        ("job-pause", #"{"id":"x","z":1}"#, "Parameter 'z' is unexpected"),
        ("job-pause", #"{"z":1}"#, "Parameter 'id' is missing"),
        ("job-pause", #"{"id":null}"#, "Invalid parameter type for 'id', expected: string"),
        ("block_resize", #"{"size":1e3}"#, "Invalid parameter type for 'size', expected: integer"),
        ("block_resize", #"{"size":5.0}"#, "Invalid parameter type for 'size', expected: integer"),
        ("block_resize", #"{"size":true}"#, "Invalid parameter type for 'size', expected: integer"),
        ("query-jobs", #"{"z":1}"#, "Parameter 'z' is unexpected"),
        ("quit", #"{"z":1}"#, "Parameter 'z' is unexpected"),
        ("block-job-set-speed", #"{"device":"a","speed":null}"#, "Invalid parameter type for 'speed', expected: integer"),
        ("blockdev-add", #"{"driver":"null-co","read-zeroes":0}"#, "Invalid parameter type for 'read-zeroes', expected: boolean"),
        ("blockdev-add", #"{"driver":"null-co","discard":"q"}"#, "Parameter 'discard' does not accept value 'q'"),
        ("blockdev-add", #"{"driver":"file","filename":"x","locking":"q"}"#, "Parameter 'locking' does not accept value 'q'"),
        ("blockdev-add", #"{"driver":"file","filename":"x","aio":"q"}"#, "Parameter 'aio' does not accept value 'q'"),
        ("blockdev-add", #"{"driver":"file","filename":"x","aio":null}"#, "Invalid parameter type for 'aio', expected: string"),
    ]

    @Test func `wrong arguments are refused in QEMU's words`() throws {
        for (command, arguments, message) in Self.table {
            #expect(try refusal(command: command, arguments) == message, "\(command) \(arguments)")
        }
    }

    @Test func `the reference says the same`() throws {
        let daemon = try DaemonProcess(.reference)
        let client = try daemon.client()
        for (command, arguments, message) in Self.table {
            #expect(try client.request(command, arguments).errorDescription == message, "\(command) \(arguments)")
        }
    }

    @Test func `a command without arguments lacks its first`() {
        #expect(throws: ArgumentError("Parameter 'id' is missing")) { try JobPause.decodeWithoutArguments() }
        #expect(throws: ArgumentError("Parameter 'device' is missing")) { try BlockdevBackup.decodeWithoutArguments() }
        #expect(throws: ArgumentError("Parameter 'driver' is missing")) { try BlockdevAdd.decodeWithoutArguments() }
        #expect(throws: Never.self) { try QueryJobs.decodeWithoutArguments() }
    }

    @Test func `the first mistake in the order of the schema counts, what is unexpected last`() throws {
        #expect(
            try refusal(command: "blockdev-backup", #"{"zz": 1, "target": 1, "sync": "bogus", "device": "d"}"#)
                == "Parameter 'sync' does not accept value 'bogus'")
        #expect(
            try refusal(command: "blockdev-backup", #"{"zz": 1, "target": 1, "sync": "full", "device": "d"}"#)
                == "Invalid parameter type for 'target', expected: string")
        #expect(
            try refusal(command: "blockdev-backup", #"{"zz": 1, "target": "t", "sync": "full", "device": "d"}"#)
                == "Parameter 'zz' is unexpected")
    }

    private static func nested(_ levels: Int) -> String {
        String(repeating: #"{"driver": "raw", "file": "#, count: levels) + "\"x\"" + String(repeating: "}", count: levels)
    }

    @Test func `nesting has a limit that a small stack bears`() throws {
        // A quarter of what a thread has by default.
        let results = onSmallStack {
            [ArgumentValue.maximumDepth + 1, ArgumentValue.maximumDepth + 2, 1000].map { levels in
                Result { try refusal(command: "blockdev-add", Self.nested(levels)) }
            }
        }
        #expect(try results.map { try $0.get() } == [nil] + [String](repeating: "Parameter 'file' is nested too deeply", count: 2))
    }
}
