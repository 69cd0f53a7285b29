import TestSupport
import Testing

/// Input that no honest client sends: errors, a connection that is usable afterwards, bounded memory.
///
/// The differential test compares what each malformed message is answered with; here is what is too large or too random for a script.
@Suite(.serialized) struct BadInputTests {
    /// What the daemon may grow to, in KiB: the input budget of 256 MiB and a parsed message beside it.
    static let memoryLimit = 640 << 10

    @Test(arguments: Clients.ours)
    func `a string of 64 MiB is refused with one error and the next command is answered`(program: DaemonProgram) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try daemon.client()
            try client.send("{\"execute\": \"query-jobs\", \"id\": \"")
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            for _ in 0..<65 { try client.send(piece) }
            try client.send("\"}\n")
            #expect(try client.receive()?.errorDescription == "JSON token size limit exceeded")
            try Self.expectUsable(client, daemon)
        }
    }

    // Not with the reference: it reads one byte at a time, for minutes on a busy machine.
    @Test(arguments: Clients.ours)
    func `a message of 1 MiB is answered whole`(program: DaemonProgram) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try daemon.client()
            let text = String(repeating: "x", count: 1 << 20)
            try client.send("{\"execute\": \"query-jobs\", \"id\": \"\(text)\"}\n")
            #expect(try client.receive()?.value["id"]?.string?.utf8.count == text.utf8.count)
            try Self.expectUsable(client, daemon)
        }
    }

    @Test(arguments: Clients.ours, ["[", "{\"a\":"])
    func `two thousand levels are refused with one error`(program: DaemonProgram, opening: String) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try daemon.client()
            let closing = opening == "[" ? "]" : "}"
            let text = String(repeating: opening, count: 2000) + "1" + String(repeating: closing, count: 2000)
            try client.send("{\"execute\": \"query-jobs\", \"id\": \(text)}\n")
            #expect(try client.receive()?.errorDescription == "JSON nesting depth limit exceeded")
            try Self.expectUsable(client, daemon)
        }
    }

    @Test(arguments: Clients.ours)
    func `more than two million tokens are refused with one error`(program: DaemonProgram) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try daemon.client()
            try client.send("{\"execute\": \"query-jobs\", \"id\": [0")
            let piece = Array(String(repeating: ",0", count: 1 << 16).utf8)
            for _ in 0..<17 { try client.send(piece) }
            try client.send("]}\n")
            #expect(try client.receive()?.errorDescription == "JSON token count limit exceeded")
            try Self.expectUsable(client, daemon)
        }
    }

    @Test(arguments: Clients.programs, [1, 2, 3, 4] as [UInt64])
    func `random bytes are answered with errors only, and the connection stays usable`(program: DaemonProgram, seed: UInt64) async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try daemon.client()
            var random = SeededBytes(seed: seed)
            // The reference reads a byte at a time and answers every piece of garbage: a tenth is enough for it.
            for _ in 0..<(program == .reference ? 2 : 25) { try client.send(random.next(10_000, alphabet: nil)) }
            try Self.resynchronise(client)
            // Random arrangements of what JSON is made of get further into the parser.
            for _ in 0..<(program == .reference ? 2 : 25) { try client.send(random.next(10_000, alphabet: Self.jsonBytes)) }
            try Self.resynchronise(client)
            try Self.expectUsable(client, daemon)
        }
    }

    private static let jsonBytes = Array("{}[]{}[]:,\"\"'\\u012345abcdef truefalsnl\n-+.eE".utf8)

    /// Ends whatever the garbage has begun, and reads everything up to the reply to a command after it: errors, and nothing but errors.
    private static func resynchronise(_ client: QMPClient) throws {
        // A newline ends a string that is open, and 0xFF outside strings drops a message that is.
        try client.send(Array("\n".utf8) + [0xFF] + Array("\n{\"execute\": \"query-jobs\", \"id\": \"after the garbage\"}\n".utf8))
        var errors = 0
        while let message = try client.receive(deadline: .after(seconds: 240)) {
            if message.value["id"]?.string == "after the garbage" { break }
            try #require(message.value["error"] != nil, "\(message.text)")
            errors += 1
        }
        #expect(errors > 0)
    }

    private static func expectUsable(_ client: QMPClient, _ daemon: DaemonProcess) throws {
        #expect(try client.execute("query-jobs") == .array([]))
        #expect(try daemon.process.memory("VmHWM") < memoryLimit)
        #expect(try daemon.process.terminate() == .code(0))
    }
}

/// A reproducible source of bytes; SplitMix64.
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ count: Int, alphabet: [UInt8]?) -> [UInt8] {
        (0..<count).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            value ^= value >> 31
            guard let alphabet else { return UInt8(truncatingIfNeeded: value) }
            return alphabet[Int(value % UInt64(alphabet.count))]
        }
    }
}
