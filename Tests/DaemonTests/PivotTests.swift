import TestSupport
import Testing

/// What a completed mirror does to the graph, as clients see it.
@Suite struct `A mirror's completion` {
    private static func children(of node: String, _ client: QMPClient) throws -> [String] {
        let nodes = try client.execute("query-named-block-nodes").array ?? []
        let found = try #require(nodes.first { $0["node-name"]?.string == node })
        return (found["children"]?.array ?? []).map { "\($0["child"]?.string ?? "?"): \($0["node-name"]?.string ?? "?")" }
    }

    @Test(arguments: [true, false])
    func `moves who stands on the source to the target, and a soft cancel does not`(pivots: Bool) async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            try directory.makeFile("src.raw", size: 2 << 20, pattern: 0x5A)
            try directory.makeFile("tgt.raw", size: 2 << 20)
            var options = ["src", "tgt"].flatMap { ["--blockdev", "file,node-name=\($0),filename=\($0).raw"] }
            options += ["--blockdev", "raw,node-name=disk,file=src", "--blockdev", "raw,node-name=other,file=src"]
            let daemon = try DaemonProcess(.blockjobd, in: directory, options: options)
            let client = try daemon.client()
            try client.execute(
                "blockdev-mirror",
                #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full", "filter-node-name": "top", "auto-finalize": false}"#)
            try client.waitForEvent("BLOCK_JOB_READY")
            #expect(try Self.children(of: "disk", client) == ["file: top"])
            #expect(try Self.children(of: "top", client) == ["backing: src"])
            try client.execute(pivots ? "block-job-complete" : "block-job-cancel", #"{"device": "j"}"#)
            try client.waitForEvent("BLOCK_JOB_PENDING")
            // Nothing is moved before it is final.
            #expect(try Self.children(of: "disk", client) == ["file: top"])
            try client.execute("job-finalize", #"{"id": "j"}"#)
            try client.waitForJob("j", "null")
            for node in ["disk", "other"] {
                #expect(try Self.children(of: node, client) == [pivots ? "file: tgt" : "file: src"])
            }
            let names = (try client.execute("query-named-block-nodes").array ?? []).compactMap { $0["node-name"]?.string }
            #expect(names.sorted() == ["disk", "other", "src", "tgt"])
            // The one is in use, the other is free.
            let (used, free) = pivots ? ("tgt", "src") : ("src", "tgt")
            #expect(
                try client.request("blockdev-del", "{\"node-name\": \"\(used)\"}").errorDescription == "Block device \(used) is in use")
            try client.execute("blockdev-del", "{\"node-name\": \"\(free)\"}")
            try client.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
            #expect(try directory.contents(of: "tgt.raw") == directory.contents(of: "src.raw"))
        }
    }
}
