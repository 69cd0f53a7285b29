import JSON
import QAPI
import TestSupport
import Testing

/// `key=value,...` options are read and refused as the reference does.
@Suite struct KeyvalTests {
    @Test(arguments: [
        ("", "{}"),
        ("a=1", #"{"a": "1"}"#),
        ("a=1,", #"{"a": "1"}"#),
        ("a=", #"{"a": ""}"#),
        ("a=1,b=2", #"{"a": "1", "b": "2"}"#),
        ("a=1,a=2", #"{"a": "2"}"#),
        ("a=x,,y,,", #"{"a": "x,y,"}"#),
        ("a=x=y", #"{"a": "x=y"}"#),
        ("a.b.c=1,a.d=2", #"{"a": {"b": {"c": "1"}, "d": "2"}}"#),
        ("a.0=x,a.1=y", #"{"a": ["x", "y"]}"#),
        ("a.1=y,a.0=x", #"{"a": ["x", "y"]}"#),
        ("a.0.b=x,a.1.b=y", #"{"a": [{"b": "x"}, {"b": "y"}]}"#),
        ("a.00=x", #"{"a": ["x"]}"#),
        ("__org.qemu_x=1", #"{"__org.qemu_x": "1"}"#),
        ("a-b_c=ä", #"{"a-b_c": "\u00E4"}"#),
    ])
    func `parameters become objects, arrays and strings`(option: String, json: String) throws {
        #expect(text(try Keyval.parse(option)) == json)
    }

    @Test func `the first parameter may be a value alone`() throws {
        #expect(text(try Keyval.parse("x,b=1", impliedKey: "a")) == #"{"a": "x", "b": "1"}"#)
        #expect(text(try Keyval.parse("b=1", impliedKey: "a")) == #"{"b": "1"}"#)
        #expect(throws: ArgumentError("Expected '=' after parameter 'y'")) { try Keyval.parse("x,y", impliedKey: "a") }
    }

    private static let tooLong = String(repeating: "a", count: 128)

    /// An option of --blockdev, and the reference's answer.
    static let refusals: [(option: String, message: String)] = [
        ("a", "Parameter 'driver' does not accept value 'a'"),
        ("driver=null-co,=x", "Invalid parameter ''"),
        ("driver=null-co,node-name", "Expected '=' after parameter 'node-name'"),
        ("driver=null-co,9a=1,node-name=x", "Invalid parameter '9a'"),
        ("driver=null-co,a..b=1", "Invalid parameter 'a..b'"),
        ("driver=null-co,a.=1", "Invalid parameter 'a.'"),
        ("driver=null-co,_com.x_foo=1", "Invalid parameter '_com.x_foo'"),
        ("driver=null-co,__com.x_foo=1,node-name=x", "Parameter '__com.x_foo' is unexpected"),
        ("driver=null-co,\(tooLong)=1", "Parameter '\(tooLong)' is too long"),
        ("driver=null-co,b.\(tooLong)=1", "Parameter fragment '\(tooLong)' is too long"),
        ("driver=null-co,help", "Help is not available for this option"),
        ("driver=null-co,?", "Help is not available for this option"),
        ("help", "Help is not available for this option"),
        ("driver=null-co,cache.direct=on,cache=x", "Parameters 'cache.*' used inconsistently"),
        ("driver=null-co,cache=x,cache.direct=on", "Parameters 'cache.*' used inconsistently"),
        ("driver=null-co,a.b=1,a.b.c=2", "Parameters 'a.b.*' used inconsistently"),
        ("driver=null-co,a.b.c=1,a.b=2", "Parameters 'a.b.*' used inconsistently"),
        ("driver=null-co,a.0=1,a.x=2", "Parameters 'a.*' used inconsistently"),
        ("driver=null-co,a.0=1,a.2=2", "Parameter 'a.1' missing"),
        ("driver=null-co,a.5=1", "Parameter 'a.0' missing"),
        ("driver=null-co,a.99999999999999999999=1", "Parameter 'a.0' missing"),
        ("driver=null-co,cache=on", "Invalid parameter type for 'cache', expected: object"),
        ("driver=null-co,cache.direct=maybe", "Parameter 'cache.direct' expects 'on' or 'off'"),
        ("driver=null-co,cache.direct.x=on", "Parameters 'cache.direct.*' are unexpected"),
        ("driver=null-co,read-zeroes=1", "Parameter 'read-zeroes' expects 'on' or 'off'"),
        ("driver=null-co,read-zeroes=", "Parameter 'read-zeroes' expects 'on' or 'off'"),
        ("driver=null-co,node-name.x=1", "Parameters 'node-name.*' are unexpected"),
        ("driver=null-co,node-name=x,zz.y=1", "Parameter 'zz' is unexpected"),
        ("driver=null-co,size=1k", "Parameter 'size' expects integer"),
        ("driver=null-co,size=1.5", "Parameter 'size' expects integer"),
        ("driver=null-co,size=08", "Parameter 'size' expects integer"),
        ("driver=null-co,size=", "Parameter 'size' expects integer"),
        ("driver=null-co,size=0x", "Parameter 'size' expects integer"),
        ("driver=null-co,size=99999999999999999999", "Parameter 'size' expects integer"),
        ("driver=null-co,size=9223372036854775808", "Parameter 'size' expects integer"),
        ("driver=null-co,latency-ns=1k", "Parameter 'latency-ns' expects integer"),
        ("driver=null-co,latency-ns=18446744073709551616", "Parameter 'latency-ns' expects integer"),
        ("driver=null-co,size=-0x10,latency-ns=-1,node-name=x,z=1", "Parameter 'z' is unexpected"),
        ("driver=null-co,size=010,latency-ns=0x10,node-name=x,z=1", "Parameter 'z' is unexpected"),
        ("driver=raw,file.driver=file", "Parameter 'file.filename' is missing"),
        ("driver=raw,file.0=nosuch", "Invalid parameter type for 'file', expected: BlockdevRef"),
        ("driver=raw,file.driver=zz", "Parameter 'driver' does not accept value 'zz'"),
        (#"{"driver":"null-co","size":"1"}"#, "Invalid parameter type for 'size', expected: integer"),
        (#"{"driver":"null-co""#, "JSON parse error, premature EOI"),
        (#"{"driver":"null-co"} x"#, "Expecting at most one JSON value"),
    ]

    @Test func `options are refused in QEMU's words`() {
        for (option, message) in Self.refusals {
            #expect(throws: ArgumentError(message), "\(option)") { try BlockdevOptions(option: option, impliedKey: "driver") }
        }
    }

    @Test func `the reference says the same`() throws {
        let directory = try TemporaryDirectory()
        for (option, message) in Self.refusals {
            let process = try ChildProcess(
                try DaemonProgram.reference.path(), ["--blockdev", option], in: directory, name: "reference", environment: [:])
            _ = try process.waitForExit()
            #expect(process.errors.contains("--blockdev \(option): \(message)\n"), "\(option): \(process.errors)")
        }
    }

    @Test func `an option becomes a typed value`() throws {
        let options = try BlockdevOptions(
            option:
                "raw,node-name=r,read-only=yes,cache.direct=on,offset=0x200,size=010,file.driver=file,file.filename=/a,,b,file.aio=io_uring",
            impliedKey: "driver")
        let file = BlockdevOptions(variant: .file(BlockdevOptionsFile(filename: "/a,b", aio: .ioUring)))
        #expect(
            options
                == BlockdevOptions(
                    variant: .raw(BlockdevOptionsRaw(file: .definition(file), offset: 512, size: 8)), nodeName: "r",
                    cache: BlockdevCacheOptions(direct: true), readOnly: true))
        #expect(
            try BlockdevOptions(option: #"{"driver": "null-co", "latency-ns": 18446744073709551615}"#).variant
                == .nullCo(.init(latencyNs: .max)))
        #expect(try MonitorOptions(option: "c0,pretty=on", impliedKey: "chardev") == MonitorOptions(pretty: true, chardev: "c0"))
    }

    private static let sizes: [(text: String, bytes: UInt64)] = [
        ("1", 1), ("1b", 1), ("1B", 1), ("1k", 1024), ("3M", 3_145_728), ("1.5G", 1_610_612_736), ("2t", 2_199_023_255_552),
        ("1P", 1_125_899_906_842_624), ("15E", 17_293_822_569_102_704_640), ("0x400", 1024), ("010", 10), ("1.k", 1024),
        ("0.0009765625k", 1), ("18446744073709551615", 18_446_744_073_709_551_615),
    ]

    @Test(arguments: sizes)
    func `sizes have suffixes`(size: String, bytes: UInt64) throws {
        let options = try BlockdevCreateOptions(option: "file,filename=f,size=\(size)", impliedKey: "driver")
        #expect(options == .file(BlockdevCreateOptionsFile(filename: "f", size: ByteCount(bytes))))
    }

    @Test(arguments: ["", "k", "-1", "1.5", "1e3", "1kk", "1x", "16E", "18446744073709551616", "1.5x", "0x", " "])
    func `what is no size is refused`(size: String) {
        #expect(throws: ArgumentError("Parameter 'size' expects size")) {
            try BlockdevCreateOptions(option: "file,filename=f,size=\(size)", impliedKey: "driver")
        }
    }
}
