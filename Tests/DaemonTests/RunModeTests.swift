import TestSupport
import Testing

/// The daemon with options that change how it speaks, or how it reaches disks.
@Suite struct `A daemon run` {
    @Test func `with pretty=on spreads its messages over lines as the reference does`() async throws {
        try await BlockingWork.shared.run {
            let texts = try DaemonProgram.allCases.map { program in
                let directory = try TemporaryDirectory()
                let path = directory.file("pretty")
                let daemon = try DaemonProcess(
                    program, in: directory, monitors: 0,
                    options: ["--chardev", "socket,path=\(path),server=on,wait=off,id=p", "--monitor", "chardev=p,pretty=on"])
                let client = try QMPClient(connectingTo: path)
                // Versions differ, the layout does not.
                let greeting = try #require(try client.receive())
                #expect(greeting.value["QMP"] != nil)
                var texts = [Self.layout(of: greeting.text)]
                for message in [
                    #"{"execute": "qmp_capabilities", "id": {"a": [1, {}, []], "b": "x"}}"#, #"{"execute": "nope"}"#,
                    #"{"execute": "query-jobs", "id": []}"#,
                ] {
                    try client.send(message + "\n")
                    let reply = try #require(try client.receive())
                    #expect(reply.endsInCRLF)
                    texts.append(reply.text)
                }
                try client.execute(
                    "blockdev-create", #"{"job-id": "j", "options": {"driver": "file", "filename": "f", "size": 65536}}"#)
                try client.waitForJob("j", "concluded")
                // The reference's order of members is its own.
                let lines = try client.request("query-jobs").text.split(whereSeparator: \.isNewline)
                texts += lines.map { $0.filter { $0 != "," } }.sorted()
                _ = try daemon.process.terminate()
                return texts
            }
            #expect(texts[0] == texts[1])
        }
    }

    /// How a text is laid out: the indentation of its lines, and what they end with.
    private static func layout(of text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { line in
            "\(line.prefix { $0 == " " }.count)\(line.last { !$0.isNumber }.map(String.init) ?? "")"
        }.joined(separator: " ")
    }

    @Test(arguments: ["backup", "mirror"], ["off", "on"])
    func `with threads instead of io_uring copies as well`(type: String, direct: String) async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            try directory.makeFile("src.raw", size: 5 << 20, pattern: 0x5A)
            try directory.makeFile("tgt.raw", size: 5 << 20)
            let nodes = ["src", "tgt"].flatMap { ["--blockdev", "file,node-name=\($0),filename=\($0).raw,cache.direct=\(direct)"] }
            let daemon = try DaemonProcess(
                .blockjobd, in: directory, options: ["--x-io-engine", "threads", "--x-log-level", "info"] + nodes)
            let client = try daemon.client()
            #expect(daemon.process.errors.contains("requests go through threads"))
            try client.execute("blockdev-\(type)", #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full"}"#)
            if type == "mirror" {
                try client.waitForEvent("BLOCK_JOB_READY")
                try client.execute("job-complete", #"{"id": "j"}"#)
            }
            try client.waitForEvent("BLOCK_JOB_COMPLETED") { $0["error"] == nil }
            try client.waitForJob("j", "null")
            try client.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
            #expect(try directory.contents(of: "tgt.raw") == directory.contents(of: "src.raw"))
        }
    }
}
