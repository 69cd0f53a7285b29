import TestSupport
import Testing

/// blockjobd and QEMU's tools on one qcow2 image: whoever writes keeps the others out, in the reference's words.
@Suite struct `One image and two processes` {
    private func run(_ tool: String, _ arguments: String..., in directory: TemporaryDirectory) throws -> (
        code: ChildProcess.Exit, text: String
    ) {
        let process = try ChildProcess(tool, arguments, in: directory, name: "tool-\(Int.random(in: 0..<Int.max))")
        let exit = try process.waitForExit()
        return (exit, process.output + process.errors)
    }

    private func node(_ name: String, readOnly: Bool = false) -> String {
        "{\"driver\": \"qcow2\", \"node-name\": \"\(name)\", \"read-only\": \(readOnly), "
            + "\"file\": {\"driver\": \"file\", \"filename\": \"disk.qcow2\"}}"
    }

    private func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let made = try run("qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "1M", in: directory)
        try #require(made.code == .code(0), "\(made.text)")
        return directory
    }

    @Test func `while blockjobd may write, qemu-io does not open the image`() throws {
        let directory = try directory()
        let daemon = try DaemonProcess(.blockjobd, in: directory)
        let client = try daemon.client()
        try client.execute("blockdev-add", node("disk"))
        let refused = try run("qemu-io", "-f", "qcow2", "-c", "write 0 4k", "disk.qcow2", in: directory)
        #expect(refused.code != .code(0) && refused.text.contains("Failed to get \"write\" lock"), "\(refused.text)")
        #expect(refused.text.contains("Is another process using the image [disk.qcow2]?"))
        let reader = try run("qemu-io", "-r", "-f", "qcow2", "-c", "read 0 4k", "disk.qcow2", in: directory)
        #expect(reader.code != .code(0) && reader.text.contains("Failed to get shared \"write\" lock"), "\(reader.text)")
        try client.execute("blockdev-del", "{\"node-name\": \"disk\"}")
        let allowed = try run("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 4k", "disk.qcow2", in: directory)
        #expect(allowed.code == .code(0), "\(allowed.text)")
        #expect(try run("qemu-img", "check", "disk.qcow2", in: directory).code == .code(0))
    }

    @Test(arguments: ["backup", "mirror"]) func `what another process wrote into a hole between two jobs is copied by the second`(
        type: String
    ) throws {
        let directory = try TemporaryDirectory()
        let size = 8 << 20
        for name in ["src", "one", "two"] { try directory.makeFile(name, size: size) }
        let nodes = ["src", "one", "two"].flatMap { ["--blockdev", "file,node-name=\($0),filename=\($0)"] }
        let daemon = try DaemonProcess(.blockjobd, in: directory, options: nodes)
        let client = try daemon.client()
        for target in ["one", "two"] {
            try client.execute("blockdev-\(type)", #"{"job-id": "\#(target)", "device": "src", "target": "\#(target)", "sync": "full"}"#)
            if type == "mirror" {
                try client.waitForEvent("BLOCK_JOB_READY")
                // Cancelled when it is ready: the source keeps its users.
                try client.execute("block-job-cancel", #"{"device": "\#(target)"}"#)
            }
            try client.waitForJob(target, "null")
            guard target == "one" else { continue }
            // Between the jobs nobody uses the node, so that its file is not locked.
            let written = try run("qemu-io", "-f", "raw", "-c", "write -P 0xab 4M 1M", "src", in: directory)
            #expect(written.code == .code(0), "\(written.text)")
        }
        try client.execute("quit")
        #expect(try daemon.process.waitForExit() == .code(0))
        let copy = try directory.contents(of: "two")
        #expect(copy == (try directory.contents(of: "src")))
        #expect(copy[4 << 20] == 0xab)
    }

    /// What each program says when another copy of the reference has the image.
    private func refusal(of program: DaemonProgram, readOnly: Bool, in directory: TemporaryDirectory) throws -> String? {
        let place = try TemporaryDirectory()
        let daemon = try DaemonProcess(program, in: place)
        let client = try daemon.client()
        let text = node("disk", readOnly: readOnly).replacing("disk.qcow2", with: directory.file("disk.qcow2"))
        return try client.request("blockdev-add", text).value.at("error.desc")?.string
    }

    @Test(arguments: [true, false], [true, false])
    func `while QEMU's daemon has the image, blockjobd is refused as a second one of it is`(holderReads: Bool, readOnly: Bool) throws {
        let directory = try directory()
        let holder = try DaemonProcess(.reference, in: directory)
        try holder.client().execute("blockdev-add", node("disk", readOnly: holderReads))
        let theirs = try refusal(of: .reference, readOnly: readOnly, in: directory)
        let ours = try refusal(of: .blockjobd, readOnly: readOnly, in: directory)
        #expect(ours == theirs)
        #expect((theirs == nil) == (holderReads && readOnly))
    }
}
