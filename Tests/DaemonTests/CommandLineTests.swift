import Testing

@testable import blockjobd

@Suite struct `The command line` {
    private func options(_ words: String...) throws -> DaemonOptions {
        guard case .run(let options) = try DaemonOptions.parse(words) else { throw StartFailure("prints instead") }
        return options
    }

    private func failure(_ words: [String]) -> String? {
        do throws(StartFailure) {
            _ = try DaemonOptions.parse(words)
            return nil
        } catch {
            return error.text
        }
    }

    @Test func `options with effects keep their order`() throws {
        let options = try options(
            "--chardev", "stdio,id=a", "--blockdev=null-co,node-name=n", "--monitor", "a,pretty=on", "--pidfile", "p", "--daemonize")
        #expect(
            options.steps.map(\.action) == [
                .chardev(try ChardevOptions(OptionString("stdio,id=a", implied: "backend"))),
                .blockdev("null-co,node-name=n"),
                .monitor(try MonitorOptions("a,pretty=on")),
            ])
        #expect(options.steps.map(\.location) == ["--chardev stdio,id=a", "--blockdev=null-co,node-name=n", "--monitor a,pretty=on"])
        #expect(options.pidfile == "p")
        #expect(options.daemonize)
    }

    /// The texts are the reference's, measured.
    @Test(arguments: [
        (["--nope"], "unrecognized option '--nope'"),
        (["foo"], "foo: Unexpected argument"),
        (["-x"], "invalid option -- 'x'"),
        (["--chardev"], "option '--chardev' requires an argument"),
        (["-T"], "option requires an argument -- 'T'"),
        (["--help=1"], "option '--help' doesn't allow an argument"),
        (["--pidfile"], "option '--pidfile' requires an argument"),
        (["--chardev", "socket"], "--chardev socket: chardev: no id specified"),
        (["--chardev", "id=c0"], "--chardev id=c0: chardev: \"c0\" missing backend"),
        (["--chardev", "nope,id=c0"], "--chardev nope,id=c0: 'nope' is not a valid char driver name"),
        (
            ["--chardev", "socket,path=s,id=c0,server=maybe"],
            "--chardev socket,path=s,id=c0,server=maybe: Parameter 'server' expects 'on' or 'off'"
        ),
        (
            ["--chardev", "socket,path=s,id=c0,server=on,wait=maybe"],
            "--chardev socket,path=s,id=c0,server=on,wait=maybe: Parameter 'wait' expects 'on' or 'off'"
        ),
        (["--chardev", "socket,path=s,id=c0,foo=bar"], "--chardev socket,path=s,id=c0,foo=bar: Invalid parameter 'foo'"),
        (
            ["--chardev", "socket,path=s,id=9a"],
            "--chardev socket,path=s,id=9a: Parameter 'id' expects an identifier\n"
                + "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
        ),
        (["--chardev", "socket,id=c0,fd=abc"], "--chardev socket,id=c0,fd=abc: Unable to parse FD number abc"),
        (
            ["--chardev", "socket,id=c0,fd=3,path=s"],
            "--chardev socket,id=c0,fd=3,path=s: None or one of 'path', 'fd' or 'host' option required."
        ),
        (
            ["--chardev", "socket,path=s,id=c0,wait=on"],
            "--chardev socket,path=s,id=c0,wait=on: 'wait' option is incompatible with socket in client connect mode"
        ),
        (
            ["--chardev", "stdio,id=a", "--chardev", "stdio,id=a"],
            "--chardev stdio,id=a: cannot use stdio by multiple character devices"
        ),
        (
            ["--chardev", "stdio,id=a", "--chardev", "stdio,id=b"],
            "--chardev stdio,id=b: cannot use stdio by multiple character devices"
        ),
        (
            ["--chardev", "stdio,id=a", "--chardev", "socket,id=a,path=s"],
            "--chardev socket,id=a,path=s: attempt to add duplicate property 'a' to object (type 'container')"
        ),
        (
            ["--chardev", "socket,id=a,fd=7,server=on", "--chardev", "socket,id=b,fd=7,server=on"],
            "--chardev socket,id=b,fd=7,server=on: File descriptor '7' is in use by chardev 'a'"
        ),
        (
            ["--chardev", "stdio,id=a", "--chardev", "socket,id=b,fd=0"],
            "--chardev socket,id=b,fd=0: File descriptor '0' is in use by chardev 'a'"
        ),
        (["--chardev", "socket,id=c0"], "--chardev socket,id=c0: Unable to parse FD number "),
        (["--monitor", "nope"], "--monitor nope: chardev \"nope\" not found"),
        (["--monitor", ""], "--monitor : Parameter 'chardev' is missing"),
        (["--monitor", "mode=control"], "--monitor mode=control: Parameter 'chardev' is missing"),
        (["--monitor", "c,mode=bogus"], "--monitor c,mode=bogus: Parameter 'mode' does not accept value 'bogus'"),
        (["--monitor", "c,foo=bar"], "--monitor c,foo=bar: Parameter 'foo' is unexpected"),
        (["--monitor", "c,pretty=maybe"], "--monitor c,pretty=maybe: Parameter 'pretty' expects 'on' or 'off'"),
        (["--chardev", "stdio,id=c", "--monitor", "c", "--monitor", "c"], "--monitor c: Device 'c' is in use"),
        (["--monitor", "c,pretty"], "--monitor c,pretty: Expected '=' after parameter 'pretty'"),
        (["--monitor", "help"], "--monitor help: Help is not available for this option"),
        (["--monitor", "c,mode=readline"], "--monitor c,mode=readline: Only QMP is supported"),
        (["--monitor", "{}"], "--monitor {}: Parameter 'chardev' is missing"),
        (["--monitor", "[1]"], "--monitor [1]: chardev \"[1]\" not found"),
        (["--monitor", #"{"chardev": 3}"#], #"--monitor {"chardev": 3}: Invalid parameter type for 'chardev', expected: string"#),
        (["--monitor", #"{"chardev": "c", "x": 1}"#], #"--monitor {"chardev": "c", "x": 1}: Parameter 'x' is unexpected"#),
        (
            ["--monitor", #"{"chardev": "c", "pretty": "on"}"#],
            #"--monitor {"chardev": "c", "pretty": "on"}: Invalid parameter type for 'pretty', expected: boolean"#
        ),
        (
            ["--monitor", #"{"chardev": "c", "mode": "zzz"}"#],
            #"--monitor {"chardev": "c", "mode": "zzz"}: Parameter 'mode' does not accept value 'zzz'"#
        ),
        (["--monitor", #"{"chardev": "c""#], #"--monitor {"chardev": "c": JSON parse error, premature EOI"#),
        (["--monitor", #"{"chardev": "c"} x"#], #"--monitor {"chardev": "c"} x: Expecting at most one JSON value"#),
        (["--export", "nbd,id=a"], "--export nbd,id=a: --export is not supported by this version of blockjobd"),
        (["--x-io-engine", "magic"], "--x-io-engine magic: Parameter 'x-io-engine' does not accept value 'magic'"),
        (["--x-i", "1"], "option '--x-i' is ambiguous; possibilities: '--x-io-engine' '--x-image-root' '--x-input-budget'"),
    ])
    func `a bad option is refused in the reference's words`(words: [String], text: String) {
        #expect(failure(words) == text)
    }

    @Test(arguments: [
        ("c", false), ("c,pretty=on", true), ("chardev=c,pretty=yes,id=m", true), (#"{"chardev": "c"}"#, false),
        (#"{"chardev": "c", "mode": "control", "pretty": true, "id": "m"}"#, true),
    ])
    func `a monitor is given in both forms`(text: String, isPretty: Bool) throws {
        let monitor = try MonitorOptions(text)
        #expect(monitor.chardev == "c" && monitor.pretty == isPretty)
    }

    @Test(arguments: ["help", "?", "help,id=c", "backend=help"])
    func `the backends of chardevs are listed`(text: String) throws {
        guard case .print(let list) = try DaemonOptions.parse(["--chardev", text, "--monitor", "nope"]) else {
            Issue.record("does not print")
            return
        }
        #expect(list == "Available chardev backend types: \n  socket\n  stdio")
        #expect(failure(["--monitor", "nope", "--chardev", text]) == "--monitor nope: chardev \"nope\" not found")
    }

    @Test func `a path that does not fit an address is refused`() {
        let path = String(repeating: "x", count: 108)
        #expect(failure(["--chardev", "socket,id=c,path=\(path)"])?.hasSuffix("is too long\nPath must be less than 108 bytes") == true)
        #expect(failure(["--chardev", "socket,id=c,path=\(path.dropLast())"]) == nil)
    }

    @Test func `help and version win over what follows, not over an unknown option before`() throws {
        guard case .print(let version) = try DaemonOptions.parse(["--vers", "extra", "--nope"][...1].map { $0 }) else {
            Issue.record("does not print")
            return
        }
        #expect(version.hasPrefix("blockjobd version"))
        guard case .print(let help) = try DaemonOptions.parse(["--monitor", "nope", "-h", "--nope"]) else {
            Issue.record("does not print")
            return
        }
        #expect(help.hasPrefix("Usage: blockjobd"))
        #expect(failure(["--nope", "--help"]) == "unrecognized option '--nope'")
    }

    @Test func `commas are doubled, the last of equal keys counts, flags may be short`() throws {
        let text = OptionString("socket,path=a,,b,id=c,server,nowait,path=d,,,id=e", implied: "backend")
        #expect(text.pairs.map(\.key) == ["backend", "path", "id", "server", "wait", "path", "id"])
        #expect(text.pairs.map(\.value) == ["socket", "a,b", "c", "on", "off", "d,", "e"])
        #expect(text["path"] == "d,")
        #expect(
            text.warnings == [
                "short-form boolean option 'server' deprecated\nPlease use server=on instead",
                "short-form boolean option 'nowait' deprecated\nPlease use wait=off instead",
            ])
    }

    @Test func `a listening socket waits unless told otherwise`() throws {
        func backend(_ text: String) throws -> ChardevOptions.Backend {
            try ChardevOptions(OptionString(text, implied: "backend")).backend
        }
        #expect(try backend("socket,id=c,path=s,server=on") == .listen(.path("s"), wait: true))
        #expect(try backend("socket,id=c,path=s,server=on,wait=off") == .listen(.path("s"), wait: false))
        #expect(try backend("socket,id=c,fd=7,server=on,wait=off") == .listen(.descriptor(7), wait: false))
        #expect(try backend("socket,id=c,server=on,wait=off") == .listen(.passed, wait: false))
        #expect(try backend("socket,id=c,path=s,server=off") == .connect(.path("s")))
    }

    @Test(arguments: [("65536", 65536), ("64k", 65536), ("16M", 16 << 20), ("2G", 2 << 30)])
    func `sizes have units of 1024`(text: String, bytes: Int) throws {
        #expect(try options("--x-output-limit", text).outputLimit == bytes)
    }

    @Test(arguments: ["", "k", "0", "-1", "1T", "99999999999G"])
    func `no size at all is refused`(text: String) {
        #expect(failure(["--x-output-limit", text])?.contains("expects a size") == true)
    }
}
