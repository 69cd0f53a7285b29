import Glibc
import TestSupport
import Testing

/// Commands that meet each other half-way: reservations, drains and undoing under everything that may come between.
@Suite struct `Many clients that change one graph` {
    private static let clients = 4
    private static let commands = 150

    /// The seeds, or so many as STORM_SEEDS says.
    private static let seeds = 1...(getenv("STORM_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? UInt64(Sanitized.times(12)))

    private static func run(_ tool: String, _ arguments: String..., in directory: TemporaryDirectory) throws -> (
        code: ChildProcess.Exit, text: String
    ) {
        let process = try ChildProcess(tool, arguments, in: directory, name: "tool-\(Int.random(in: 0..<Int.max))")
        let exit = try process.waitForExit()
        return (exit, process.output + process.errors)
    }

    private static func makeImages(in directory: TemporaryDirectory) throws {
        let backing = ["f6": "f0", "f7": "f6"]
        for image in CommandStorm.images {
            let options = backing[image].map { ["-b", $0, "-F", "qcow2"] } ?? []
            let process = try ChildProcess(
                "qemu-img", ["create", "-q", "-f", "qcow2"] + options + [image, "4M"], in: directory, name: "make-\(image)")
            try #require(try process.waitForExit() == .code(0), "\(process.errors)")
            let write = try run("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 2M", image, in: directory)
            try #require(write.code == .code(0), "\(write.text)")
        }
        for file in CommandStorm.files { try directory.makeFile(file, size: 8 << 20) }
    }

    @Test(arguments: seeds) func `each have an answer to every command, and the images stay sound`(seed: UInt64) async throws {
        try await BlockingWork.shared.run {
            // In memory: the storms are about the order of steps, and a busy disk's flushes would only spread them out.
            let directory = try TemporaryDirectory(in: "/dev/shm")
            try Self.makeImages(in: directory)
            let daemon = try DaemonProcess(.blockjobd, in: directory)
            let clients = try (0..<Self.clients).map { _ in try daemon.client() }
            for (number, client) in clients.enumerated() {
                var storm = CommandStorm(seed: seed, client: number)
                try client.send((0..<Self.commands).map { _ in storm.next() }.joined())
            }
            for client in clients {
                var answers = 0
                while answers < Self.commands {
                    let message = try #require(try client.receive(), "the connection has ended after \(answers) answers")
                    if message.isReply { answers += 1 }
                }
            }
            _ = try clients[0].request("quit")
            #expect(try daemon.process.waitForExit() == .code(0), "seed \(seed): \(daemon.process.errors)")
            try Self.checkImages(in: directory)
        }
    }

    /// New images may name a backing file that QEMU's tools cannot open by that name, a filter for example; they are looked at alone.
    private static func checkImages(in directory: TemporaryDirectory) throws {
        for image in directory.names.sorted() where image.hasPrefix("f") || image.hasPrefix("n") {
            let alone = "{\"driver\": \"qcow2\", \"backing\": null, \"file\": {\"driver\": \"file\", \"filename\": \"\(image)\"}}"
            let check = try run("qemu-img", "check", "json:\(alone)", in: directory)
            #expect(check.code == .code(0), "\(image): \(check.text)")
        }
    }
}
