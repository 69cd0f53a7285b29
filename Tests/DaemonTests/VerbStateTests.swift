import TestSupport
import Testing

/// Every verb on jobs in states to which the reference cannot be brought: it answers nobody meanwhile.
@Suite struct `A job on the wire` {
    /// A verb with its arguments, and what it is called in refusals.
    struct Verb: Sendable, CustomTestStringConvertible {
        let command: String
        let arguments: String
        let name: String
        var testDescription: String { "\(command) \(arguments)" }

        static let all: [Verb] = [
            Verb(command: "job-pause", arguments: #"{"id": "j"}"#, name: "pause"),
            Verb(command: "job-resume", arguments: #"{"id": "j"}"#, name: "resume"),
            Verb(command: "job-complete", arguments: #"{"id": "j"}"#, name: "complete"),
            Verb(command: "job-finalize", arguments: #"{"id": "j"}"#, name: "finalize"),
            Verb(command: "job-dismiss", arguments: #"{"id": "j"}"#, name: "dismiss"),
            Verb(command: "job-cancel", arguments: #"{"id": "j"}"#, name: "cancel"),
            Verb(command: "block-job-pause", arguments: #"{"device": "j"}"#, name: "pause"),
            Verb(command: "block-job-resume", arguments: #"{"device": "j"}"#, name: "resume"),
            Verb(command: "block-job-complete", arguments: #"{"device": "j"}"#, name: "complete"),
            Verb(command: "block-job-finalize", arguments: #"{"id": "j"}"#, name: "finalize"),
            Verb(command: "block-job-dismiss", arguments: #"{"id": "j"}"#, name: "dismiss"),
            Verb(command: "block-job-cancel", arguments: #"{"device": "j"}"#, name: "cancel"),
            Verb(command: "block-job-cancel", arguments: #"{"device": "j", "force": true}"#, name: "cancel"),
            Verb(command: "block-job-set-speed", arguments: #"{"device": "j", "speed": 131072}"#, name: "set-speed"),
            Verb(command: "block-job-set-speed", arguments: #"{"device": "j", "speed": -1}"#, name: "set-speed"),
            Verb(command: "block-job-change", arguments: #"{"id": "j", "type": "mirror", "copy-mode": "write-blocking"}"#, name: "change"),
        ]
    }

    private static let notPaused = "Can't resume a job that was not paused"

    private static func refusal(_ verb: Verb, _ state: String) -> String {
        "Job 'j' in state '\(state)' cannot accept command verb '\(verb.name)'"
    }

    private static func status(_ client: QMPClient) throws -> String? {
        try client.execute("query-jobs").array?.first { $0["id"]?.string == "j" }?["status"]?.string
    }

    @Test(arguments: Verb.all) func `that is created takes the verbs of its table`(verb: Verb) async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            try disk.sendWaitingTransaction(on: try disk.daemon.client(), watching: client)
            #expect(try Self.status(client) == "created")
            let reply = try client.request(verb.command, verb.arguments)
            switch verb.name {
            case "cancel":
                // Never started, it says nothing of a block job.
                #expect(reply.value["return"] != nil)
                for status in ["aborting", "concluded", "null"] { try client.waitForJob("j", status) }
                #expect(!client.events.contains { $0.event == "BLOCK_JOB_CANCELLED" })
                #expect(try Self.status(client) == nil)
                return
            case "pause": #expect(reply.value["return"] != nil)
            case "resume": #expect(reply.errorDescription == Self.notPaused)
            case "set-speed" where verb.arguments.contains("-1"):
                #expect(reply.errorDescription == "Parameter 'speed' expects a non-negative value")
            case "set-speed":
                #expect(reply.value["return"] != nil)
                #expect(try client.execute("query-block-jobs").array?.first { $0["device"]?.string == "j" }?["speed"]?.integer == 131_072)
            default: #expect(reply.errorDescription == Self.refusal(verb, "created"))
            }
            #expect(try Self.status(client) == "created")
            if verb.name == "pause" {
                #expect(try client.request(verb.command, verb.arguments).errorDescription == "Job is already paused")
                try client.execute("job-resume", #"{"id": "j"}"#)
            }
        }
    }

    @Test func `that is aborting takes no verb, and waits for its group`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            let actions = [("j", "a", "at"), ("k", "slow", "bt")].map { id, device, target in
                "{\"type\": \"blockdev-backup\", \"data\": {\"job-id\": \"\(id)\", \"device\": \"\(device)\", \"target\": \"\(target)\", "
                    + "\"sync\": \"full\", \"speed\": 65536}}"
            }
            try client.execute(
                "transaction",
                "{\"actions\": [\(actions.joined(separator: ", "))], \"properties\": {\"completion-mode\": \"grouped\"}}")
            try disk.waitUntilHanging(client)
            try client.execute("job-cancel", #"{"id": "j"}"#)
            try client.waitForJob("j", "aborting")
            for verb in Verb.all {
                let expected = verb.name == "resume" ? Self.notPaused : Self.refusal(verb, "aborting")
                #expect(try client.request(verb.command, verb.arguments).errorDescription == expected, "\(verb.testDescription)")
            }
            let jobs = try client.execute("query-jobs").array ?? []
            #expect(jobs.map { $0["id"]?.string } == ["k", "j"])
            #expect(jobs.map { $0["status"]?.string } == ["running", "aborting"])
            #expect(jobs.map { $0["x-pending-request"]?.string } == ["cancel", nil])
            #expect(jobs[1]["error"]?.string == "Operation canceled")
            #expect(!client.events.contains { $0.event == "BLOCK_JOB_CANCELLED" })
        }
    }

    @Test func `is changed while it runs, if it is a mirror`() async throws {
        try await BlockingWork.shared.run {
            let disk = try HangingDisk()
            let client = try disk.daemon.client()
            func change(_ id: String, _ options: String) throws -> WireMessage {
                try client.request("block-job-change", "{\"id\": \"\(id)\", \(options)}")
            }
            let writeBlocking = #""type": "mirror", "copy-mode": "write-blocking""#
            let background = #""type": "mirror", "copy-mode": "background""#
            let missing = try change("j", writeBlocking)
            #expect(missing.value.at("error.class")?.string == "DeviceNotActive")
            #expect(missing.errorDescription == "Block job 'j' not found")
            #expect(try change("j", #""type": "backup""#).errorDescription == "Block job 'j' not found")

            try client.execute(
                "blockdev-mirror",
                #"{"job-id": "j", "device": "a", "target": "at", "sync": "full", "auto-dismiss": false, "auto-finalize": false}"#)
            try client.waitForEvent("BLOCK_JOB_READY")
            func activelySynced() throws -> Bool? {
                guard case .bool(let value)? = try client.execute("query-block-jobs").at("[0].actively-synced") else { return nil }
                return value
            }
            #expect(try activelySynced() == false)
            #expect(try change("j", #""type": "backup""#).errorDescription == "Job type does not support change")
            #expect(try change("j", #""type": "mirror""#).errorDescription == "Parameter 'copy-mode' is missing")
            #expect(try change("j", background).value["return"] != nil)
            #expect(try activelySynced() == false)
            #expect(try change("j", writeBlocking).value["return"] != nil)
            // It looks at once, but not before it replies.
            let deadline = Deadline.usual
            while try activelySynced() != true { try #require(!deadline.hasPassed) }
            #expect(try change("j", writeBlocking).value["return"] != nil)
            #expect(try change("j", background).errorDescription == "Change to copy mode 'background' is not implemented")
            try client.execute("job-pause", #"{"id": "j"}"#)
            try client.waitForJob("j", "standby")
            #expect(try change("j", writeBlocking).value["return"] != nil)
            try client.execute("job-resume", #"{"id": "j"}"#)
            try client.execute("job-complete", #"{"id": "j"}"#)
            try client.waitForEvent("BLOCK_JOB_PENDING")
            let refusal = "Job 'j' in state 'pending' cannot accept command verb 'change'"
            #expect(try change("j", writeBlocking).errorDescription == refusal)
            #expect(try change("j", #""type": "backup""#).errorDescription == refusal)
            try client.execute("job-cancel", #"{"id": "j"}"#)
            try client.waitForJob("j", "concluded")
            #expect(
                try change("j", writeBlocking).errorDescription
                    == "Job 'j' in state 'concluded' cannot accept command verb 'change'")

            try disk.startBackup("backup", from: "slow", to: "bt", on: client)
            #expect(try change("backup", writeBlocking).errorDescription == "Job type does not support change")
            #expect(try change("backup", #""type": "backup""#).errorDescription == "Job type does not support change")
        }
    }
}
