import TestSupport
import Testing

/// Whole disks as sources and targets.
@Suite struct `A job on a block device` {
    enum Side: CaseIterable { case source, target, both }

    @Test(
        .enabled(if: LoopDevice.isPossible, "only root can make loop devices, and not everywhere"), arguments: ["backup", "mirror"],
        Side.allCases)
    func `copies it whole`(type: String, side: Side) async throws {
        try await BlockingWork.shared.run {
            let size = 8 << 20
            let directory = try TemporaryDirectory()
            let source = side == .target ? nil : try LoopDevice(size: size, pattern: 0x5A, name: "source", in: directory)
            let target = side == .source ? nil : try LoopDevice(size: size, pattern: 0x11, name: "target", in: directory)
            if source == nil { try directory.makeFile("source", size: size, pattern: 0x5A) }
            if target == nil { try directory.makeFile("target", size: size) }
            func driver(_ device: LoopDevice?, _ name: String) -> String {
                device.map { "host_device,filename=\($0.path)" } ?? "file,filename=\(name)"
            }
            let daemon = try DaemonProcess(
                .blockjobd, in: directory,
                options: [
                    "--blockdev", "\(driver(source, "source")),node-name=src,cache.direct=on", "--blockdev",
                    "\(driver(target, "target")),node-name=tgt,cache.direct=on",
                ])
            let client = try daemon.client()
            try client.execute("blockdev-\(type)", #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full"}"#)
            if type == "mirror" {
                try client.waitForEvent("BLOCK_JOB_READY")
                try client.execute("job-complete", #"{"id": "j"}"#)
            }
            try client.waitForEvent("BLOCK_JOB_COMPLETED") { $0["error"] == nil && $0["len"]?.integer == size }
            try client.waitForJob("j", "null")
            let nodes = try client.execute("query-named-block-nodes").array ?? []
            let lengths = nodes.compactMap { $0.at("image.virtual-size")?.integer }
            #expect(lengths.allSatisfy { $0 == size })
            try client.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
            let copy = try target?.contents() ?? directory.contents(of: "target")
            #expect(copy.count == size && copy.allSatisfy { $0 == 0x5A })
        }
    }

    @Test(
        .enabled(if: LoopDevice.isPossible, "only root can make loop devices, and not everywhere"), arguments: ["backup", "mirror"])
    func `waits for a target that is full, and goes on when the device has grown`(type: String) async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            try directory.makeFile("source", size: 8 << 20, pattern: 0x5A)
            // An image of 8 MiB on a device of 4.
            let device = try LoopDevice(size: 4 << 20, name: "disk", in: directory)
            let create = try ChildProcess("qemu-img", ["create", "-q", "-f", "qcow2", device.path, "8M"], in: directory, name: "create")
            try #require(try create.waitForExit() == .code(0), "\(create.errors)")
            let daemon = try DaemonProcess(
                .blockjobd, in: directory,
                options: [
                    "--blockdev", "file,filename=source,node-name=src", "--blockdev",
                    "qcow2,node-name=tgt,file.driver=host_device,file.filename=\(device.path)",
                ])
            let client = try daemon.client()
            try client.execute(
                "blockdev-\(type)",
                #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full", "on-target-error": "enospc"}"#)
            try client.waitForEvent("BLOCK_JOB_ERROR") { event in
                event["action"] == .string("stop") && event["operation"] == .string("write")
            }
            try client.waitForJob("j", "paused")
            let stopped = try #require(try client.execute("query-block-jobs").array?.first)
            #expect(stopped["io-status"] == .string("nospace") && stopped["status"] == .string("paused"))
            // It stays full as long as the device does.
            try client.execute("job-resume", #"{"id": "j"}"#)
            try client.waitForJob("j", "running")
            try client.waitForJob("j", "paused")

            try device.grow(to: 16 << 20)
            try client.execute("job-resume", #"{"id": "j"}"#)
            if type == "mirror" {
                try client.waitForEvent("BLOCK_JOB_READY")
                try client.execute("job-complete", #"{"id": "j"}"#)
            }
            try client.waitForEvent("BLOCK_JOB_COMPLETED") { $0["error"] == nil && $0["len"]?.integer == 8 << 20 }
            try client.waitForJob("j", "null")
            try client.execute("quit")
            #expect(try daemon.process.waitForExit() == .code(0))
            let compare = try ChildProcess(
                "qemu-img", ["compare", "-f", "raw", "-F", "qcow2", "source", device.path], in: directory, name: "compare")
            #expect(try compare.waitForExit() == .code(0), "\(compare.output)\(compare.errors)")
        }
    }
}
