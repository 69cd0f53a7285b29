import Glibc
import TestSupport
import Testing

/// Many clients on one socket. The reference serves one at a time, so this is about blockjobd alone.
@Suite(.serialized) struct ManyClientsTests {
    static let clients = 1000
    static let events = 1000

    @Test(arguments: Clients.ours)
    func `a thousand clients receive a thousand events each, and one that never reads harms nobody`(program: DaemonProgram) async throws {
        try await BlockingWork.shared.run {
            try Self.raiseDescriptorLimit()
            let daemon = try DaemonProcess(program)
            let control = try daemon.client()
            try Self.makeReadyMirror(control, daemon)
            let idle = try daemon.process.memory("VmRSS")
            let silent = try daemon.client()
            let listeners = try (0..<Self.clients).map { _ in try daemon.client() }
            for _ in 0..<(Self.events / 2) {
                try control.execute("job-pause", "{\"id\": \"j\"}")
                try control.execute("job-resume", "{\"id\": \"j\"}")
            }
            let wanted = try (0..<Self.events).map { index in
                let event = try control.waitForEvent("JOB_STATUS_CHANGE")
                #expect(event.value.at("data.status")?.string == (index % 2 == 0 ? "standby" : "ready"))
                return event.text
            }
            let expected = Array((wanted.joined(separator: "\r\n") + "\r\n").utf8)
            let deadline = Deadline.after(seconds: 240)
            for listener in listeners {
                // Every client gets the same bytes: nothing lost, nothing twice, nothing in another order.
                try #require(try listener.receiveBytes(expected.count, deadline: deadline) == expected)
            }
            let busy = try daemon.process.memory("VmRSS")
            // 130 KiB of events for each of them, and most of that has left the daemon for the sockets.
            #expect(busy - idle < Sanitized.memory(192 << 10), "\(idle) KiB before, \(busy) KiB after")
            withExtendedLifetime(silent) {}
            #expect(try control.execute("query-jobs").at("[0].status")?.string == "ready")
            try control.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
        }
    }

    @Test(arguments: Clients.ours)
    func `a client that never reads is cut off at the bound`(program: DaemonProgram) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let control = try daemon.client()
            let silent = try daemon.client()
            // Its replies wait for it, until the daemon stops reading from it; then events fill what is left.
            try Self.makeReadyMirror(control, daemon)
            var cycles = 0
            let deadline = Deadline.after(seconds: 240)
            while !daemon.process.errors.contains("does not read") {
                try #require(!deadline.hasPassed, "not cut off after \(cycles) pairs of events")
                for _ in 0..<100 {
                    try control.execute("job-pause", "{\"id\": \"j\"}")
                    try control.execute("job-resume", "{\"id\": \"j\"}")
                    cycles += 1
                }
                control.forgetEvents()
            }
            #expect(try daemon.process.memory("VmHWM") < Sanitized.memory(128 << 10))
            // It reads at last: what it was sent, and then the end.
            while try silent.receive(orTruncatedEnd: true) != nil {}
            #expect(try control.execute("query-jobs").at("[0].id")?.string == "j")
            try control.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
        }
    }

    private static func makeReadyMirror(_ client: QMPClient, _ daemon: DaemonProcess) throws {
        try client.execute("blockdev-add", #"{"driver": "null-co", "node-name": "src", "size": 1048576, "read-zeroes": true}"#)
        try client.execute("blockdev-add", #"{"driver": "null-co", "node-name": "tgt", "size": 1048576}"#)
        try client.execute("blockdev-mirror", #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full"}"#)
        try client.waitForEvent("BLOCK_JOB_READY")
        client.forgetEvents()
    }

    /// The test's own side of the sockets needs descriptors, too.
    private static func raiseDescriptorLimit() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur >= 4096, "the hard limit of open files is too low for this test")
    }
}
