import TestSupport
import Testing

@testable import blockjobd

/// Jobs whose disk hangs, as clients see them.
@Suite struct `A job whose disk hangs` {
    private static func job(_ client: QMPClient, _ id: String) throws -> WireValue? {
        try client.execute("query-jobs").array?.first { $0["id"]?.string == id }
    }

    @Test func `shows a pause that has not taken effect`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            try disk.startBackup("j", from: "slow", to: "bt", on: client)
            try disk.waitUntilHanging(client)
            #expect(try Self.job(client, "j")?["x-pending-request"] == nil)
            try client.execute("job-pause", #"{"id": "j"}"#)
            #expect(try Self.job(client, "j")?["status"]?.string == "running")
            #expect(try Self.job(client, "j")?["x-pending-request"]?.string == "pause")
            try client.execute("job-resume", #"{"id": "j"}"#)
            #expect(try Self.job(client, "j")?["x-pending-request"] == nil)
        }
    }

    @Test func `shows a completion that has not taken effect`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            try client.execute("blockdev-mirror", #"{"job-id": "j", "device": "a", "target": "slow", "sync": "none"}"#)
            try client.waitForEvent("BLOCK_JOB_READY")
            try client.execute("job-complete", #"{"id": "j"}"#)
            #expect(try Self.job(client, "j")?["status"]?.string == "ready")
            #expect(try Self.job(client, "j")?["x-pending-request"]?.string == "complete")
        }
    }

    @Test(arguments: [("slow", "bt"), ("data", "slow")])
    func `shows a cancel that has not taken effect, and keeps its nodes`(device: String, target: String) async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            try disk.startBackup("j", from: device, to: target, on: client)
            try disk.waitUntilHanging(client)
            try client.execute("job-cancel", #"{"id": "j"}"#)
            #expect(try Self.job(client, "j")?["status"]?.string == "running")
            #expect(try Self.job(client, "j")?["x-pending-request"]?.string == "cancel")
            func deletion(_ node: String) throws -> String? {
                try client.request("blockdev-del", "{\"node-name\": \"\(node)\"}").errorDescription
            }
            #expect(try deletion(device) == "Block device \(device) is in use")
            #expect(try deletion(target) == "Node '\(target)' is busy: block device is in use by block job: backup")
            #expect(try Self.job(client, "j")?["x-pending-request"]?.string == "cancel")
        }
    }

    @Test(arguments: ["backup", "mirror"])
    func `concludes without it at the deadline after a cancel, while its nodes stay held`(type: String) async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk(cancelDeadline: 1)
            let client = try disk.daemon.client()
            try client.execute("blockdev-\(type)", #"{"job-id": "j", "device": "slow", "target": "bt", "sync": "full"}"#)
            try disk.waitUntilHanging(client)
            try client.execute("job-cancel", #"{"id": "j"}"#)
            try client.waitForJob("j", "aborting")
            try client.waitForEvent("BLOCK_JOB_CANCELLED") { $0["device"]?.string == "j" }
            for status in ["concluded", "null"] { try client.waitForJob("j", status) }
            #expect(try client.execute("query-jobs").array?.isEmpty == true)
            for node in ["slow", "bt"] {
                let reason = "a cancelled \(type) job still waits for its requests"
                let deletion = try client.request("blockdev-del", "{\"node-name\": \"\(node)\"}")
                #expect(deletion.errorDescription == "Node \(node) is in use: \(reason)")
                for (source, target) in [("b", node), (node, "b")] {
                    let reuse = try client.request(
                        "blockdev-backup",
                        "{\"job-id\": \"again\", \"device\": \"\(source)\", \"target\": \"\(target)\", \"sync\": \"full\"}")
                    #expect(reuse.errorDescription == "Node '\(node)' is busy: \(reason)")
                }
            }
            // Its id is free, and others go on.
            try disk.startBackup("j", from: "a", to: "at", on: client)
            try client.waitForEvent("BLOCK_JOB_COMPLETED") { $0["device"]?.string == "j" && $0["error"] == nil }
            try client.waitForJob("j", "null")
        }
    }

    @Test func `is given up after ten seconds unless told otherwise`() throws {
        guard case .run(let options) = try DaemonOptions.parse([]) else { throw StartFailure("prints instead") }
        #expect(options.cancelDeadline == 10)
        guard case .run(let other) = try DaemonOptions.parse(["--x-cancel-deadline", "3"]) else { throw StartFailure("prints instead") }
        #expect(other.cancelDeadline == 3)
    }

    @Test func `concludes ten seconds after its cancel in a daemon without options`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk(cancelDeadline: nil)
            let client = try disk.daemon.client()
            try disk.startBackup("j", from: "slow", to: "bt", on: client)
            try disk.waitUntilHanging(client)
            try client.execute("job-cancel", #"{"id": "j"}"#)
            let start = Deadline.now
            try client.waitForJob("j", "null")
            #expect(Deadline.now - start > 8_000_000_000)
        }
    }

    @Test func `keeps a session's verbs out of band from none of its other jobs`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let watcher = try disk.daemon.client()
            let client = try disk.daemon.client(enable: ["oob"])
            try watcher.execute(
                "blockdev-backup",
                #"{"job-id": "m", "device": "m", "target": "mt", "sync": "full", "speed": 4096, "auto-dismiss": false}"#)
            // In band the session waits, with another command behind.
            try disk.sendWaitingTransaction(on: client, watching: watcher)
            try client.send(#"{"execute": "query-version", "id": "behind"}"#)
            let verbs: [(command: String, arguments: String)] = [
                ("job-pause", #"{"id": "m"}"#), ("job-resume", #"{"id": "m"}"#), ("block-job-pause", #"{"device": "m"}"#),
                ("block-job-resume", #"{"device": "m"}"#), ("block-job-set-speed", #"{"device": "m", "speed": 65536}"#),
                ("block-job-change", #"{"id": "m", "type": "mirror", "copy-mode": "background"}"#), ("job-complete", #"{"id": "m"}"#),
                ("block-job-complete", #"{"device": "m"}"#), ("block-job-cancel", #"{"device": "m", "force": true}"#),
            ]
            var replies: [String] = []
            func send(_ command: String, _ arguments: String) throws {
                try client.send("{\"exec-oob\": \"\(command)\", \"arguments\": \(arguments), \"id\": \"\(command)\"}\n")
                while let message = try client.receive() {
                    guard message.isReply else { continue }
                    let error = message.errorDescription.map { ": \($0)" } ?? ""
                    return replies.append("\(message.value["id"]?.string ?? "?")\(error)")
                }
            }
            for verb in verbs { try send(verb.command, verb.arguments) }
            // A cancel out of band only asks.
            try watcher.waitForJob("m", "concluded")
            try send("job-cancel", #"{"id": "m"}"#)
            try send("job-dismiss", #"{"id": "m"}"#)
            try send("block-job-dismiss", #"{"id": "m"}"#)
            func refusal(_ state: String, _ verb: String) -> String { "Job 'm' in state '\(state)' cannot accept command verb '\(verb)'" }
            #expect(
                replies == [
                    "job-pause", "job-resume", "block-job-pause", "block-job-resume", "block-job-set-speed",
                    "block-job-change: Job type does not support change", "job-complete: \(refusal("running", "complete"))",
                    "block-job-complete: \(refusal("running", "complete"))", "block-job-cancel",
                    "job-cancel: \(refusal("concluded", "cancel"))", "job-dismiss", "block-job-dismiss: Block job 'm' not found",
                ])
            #expect(try watcher.execute("query-jobs").array?.compactMap { $0["id"]?.string } == ["j", "h"])
        }
    }
}
