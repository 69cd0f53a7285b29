import TestSupport
import Testing

/// Numbers at the edges of what can be said: each is answered, none ends the daemon.
@Suite struct `Numbers at the limits` {
    /// Around zero, the page, 2^31, 2^32, 2^62, 2^63 and 2^64.
    private static let numbers = [
        "-9223372036854775808", "-9223372036854775807", "-4096", "-1", "0", "1", "511", "512", "4095", "4096", "65536", "2147483647",
        "2147483648", "4294967295", "4294967296", "4611686018427387904", "9223372035781033984", "9223372036854775295",
        "9223372036854775296", "9223372036854775806", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    ]

    /// Plays every command that `make` gives for a number, and then sees whether the daemon still answers and ends as it should.
    private func survive(nodes: [String] = [], _ make: (String) -> [(String, String)]) throws {
        let daemon = try DaemonProcess(.blockjobd)
        let client = try daemon.client()
        for node in nodes { _ = try client.execute("blockdev-add", node) }
        for number in Self.numbers {
            for (command, arguments) in make(number) { _ = try client.request(command, arguments) }
            _ = try client.execute("query-jobs")
        }
        _ = try client.execute("query-named-block-nodes")
        _ = try client.execute("quit")
        #expect(try daemon.process.waitForExit() == .code(0), "\(daemon.process.errors)")
    }

    @Test func `lengths and latencies of null nodes, and windows over them`() throws {
        try survive(nodes: [#"{"driver": "null-co", "node-name": "vast", "size": 9223372035781033984}"#]) { number in
            let describe = ("query-named-block-nodes", "{}")
            var commands = [
                ("blockdev-add", "{\"driver\": \"null-co\", \"node-name\": \"n\", \"size\": \(number)}"), describe,
                ("blockdev-add", "{\"driver\": \"null-aio\", \"node-name\": \"l\", \"read-only\": true, \"latency-ns\": \(number)}"),
                describe,
                ("blockdev-add", "{\"driver\": \"raw\", \"node-name\": \"on\", \"file\": \"n\"}"), describe,
            ]
            for other in Self.numbers {
                commands += [
                    (
                        "blockdev-add",
                        "{\"driver\": \"raw\", \"node-name\": \"w\", \"file\": \"vast\", \"offset\": \(number), \"size\": \(other)}"
                    ),
                    ("blockdev-add", "{\"driver\": \"raw\", \"node-name\": \"e\", \"file\": \"w\", \"offset\": \(other)}"),
                    ("blockdev-del", #"{"node-name": "e"}"#), ("blockdev-del", #"{"node-name": "w"}"#),
                ]
            }
            return commands + ["on", "n", "l"].map { ("blockdev-del", "{\"node-name\": \"\($0)\"}") }
        }
    }

    @Test func `bitmaps, points in time and other lengths of nodes that are there`() throws {
        try survive(nodes: [
            #"{"driver": "null-co", "node-name": "vast", "size": 9223372035781033984}"#, #"{"driver": "null-co", "node-name": "small"}"#,
            #"{"driver": "null-co", "node-name": "large", "size": 1125899906842624}"#,
            #"{"driver": "null-co", "node-name": "other", "size": 1125899906842624}"#,
        ]) { number in
            var commands = ["vast", "small", "large"].flatMap { node in
                [
                    ("block-dirty-bitmap-add", "{\"node\": \"\(node)\", \"name\": \"b\", \"granularity\": \(number)}"),
                    ("query-named-block-nodes", "{}"), ("block-dirty-bitmap-clear", "{\"node\": \"\(node)\", \"name\": \"b\"}"),
                    ("block-dirty-bitmap-remove", "{\"node\": \"\(node)\", \"name\": \"b\"}"),
                    (
                        "blockdev-reopen",
                        "{\"options\": [{\"driver\": \"null-co\", \"node-name\": \"\(node)\", \"size\": \(number)}]}"
                    ),
                ]
            }
            commands += [
                (
                    "blockdev-add",
                    "{\"driver\": \"copy-before-write\", \"node-name\": \"c\", \"file\": \"large\", \"target\": \"other\", "
                        + "\"min-cluster-size\": \(number)}"
                ), ("blockdev-del", #"{"node-name": "c"}"#),
                (
                    "blockdev-mirror",
                    "{\"job-id\": \"m\", \"device\": \"large\", \"target\": \"other\", \"sync\": \"none\", "
                        + "\"granularity\": \(number)}"
                ), ("job-cancel", #"{"id": "m", "force": true}"#), ("job-cancel", #"{"id": "m"}"#),
            ]
            return commands
        }
    }

    @Test func `new lengths of files, windows and null nodes`() throws {
        let daemon = try DaemonProcess(.blockjobd)
        let client = try daemon.client()
        for options in [
            #"{"job-id": "a", "options": {"driver": "file", "filename": "a.raw", "size": 1048576}}"#,
            #"{"job-id": "b", "options": {"driver": "file", "filename": "b.raw", "size": 1048576}}"#,
        ] { _ = try client.execute("blockdev-create", options) }
        for node in [
            #"{"driver": "file", "node-name": "f", "filename": "a.raw"}"#, #"{"driver": "null-co", "node-name": "n"}"#,
            #"{"driver": "raw", "node-name": "w", "offset": 1048576, "file": {"driver": "file", "filename": "b.raw"}}"#,
            #"{"driver": "raw", "node-name": "r", "file": "n"}"#,
        ] { _ = try client.execute("blockdev-add", node) }
        for number in Self.numbers {
            for node in ["f", "n", "w", "r"] {
                _ = try client.request("block_resize", "{\"node-name\": \"\(node)\", \"size\": \(number)}")
                _ = try client.execute("query-named-block-nodes")
            }
        }
        _ = try client.execute("quit")
        #expect(try daemon.process.waitForExit() == .code(0), "\(daemon.process.errors)")
    }

    @Test(arguments: ["off", "falloc", "metadata"]) func `lengths of files to create`(preallocation: String) throws {
        // What one machine may really reserve is not worth trying.
        let most = 1 << 32
        try survive { number in
            var commands: [(String, String)] = []
            if preallocation != "falloc" || !(most...(1 << 50)).contains(Int(number) ?? 0) {
                commands.append(
                    (
                        "blockdev-create",
                        "{\"job-id\": \"c\", \"options\": {\"driver\": \"file\", \"filename\": \"c.raw\", \"size\": \(number), "
                            + "\"preallocation\": \"\(preallocation)\"}}"
                    ))
                commands.append(("job-dismiss", #"{"id": "c"}"#))
            }
            commands += [
                ("blockdev-add", #"{"driver": "file", "node-name": "c", "filename": "c.raw"}"#), ("query-named-block-nodes", "{}"),
                ("blockdev-del", #"{"node-name": "c"}"#),
                (
                    "blockdev-create",
                    "{\"job-id\": \"c\", \"options\": {\"driver\": \"file\", \"filename\": \"c.raw\", \"size\": 512, "
                        + "\"extent-size-hint\": \(number)}}"
                ),
                ("job-dismiss", #"{"id": "c"}"#),
            ]
            return commands
        }
    }

    @Test func `arguments of jobs`() throws {
        let nodes = ["s", "t"].map { "{\"driver\": \"null-co\", \"node-name\": \"\($0)\", \"size\": 1048576, \"read-zeroes\": true}" }
        try survive(nodes: nodes) { number in
            let base = #""job-id": "j", "device": "s", "target": "t", "sync": "full", "#
            let end = [
                ("block-job-set-speed", "{\"device\": \"j\", \"speed\": \(number)}"), ("query-block-jobs", "{}"),
                ("block-job-set-speed", #"{"device": "j", "speed": 1}"#),
                ("block-job-set-speed", #"{"device": "j", "speed": 9223372036854775807}"#),
                ("block-job-set-speed", "{\"device\": \"j\", \"speed\": \(number)}"), ("job-cancel", #"{"id": "j"}"#),
                ("query-block-jobs", "{}"),
            ]
            let mirror = ["speed", "granularity", "buf-size"].map { ("blockdev-mirror", "{\(base)\"\($0)\": \(number)}") }
            let backup = [("blockdev-backup", "{\(base)\"speed\": \(number)}")]
            let tuned = ["max-workers", "max-chunk"].map { ("blockdev-backup", "{\(base)\"x-perf\": {\"\($0)\": \(number)}}") }
            return (mirror + backup + tuned).flatMap { [$0] + end }
        }
    }
}
