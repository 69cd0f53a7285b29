import Glibc
import TestSupport
import Testing

@testable import UnixSocket

@Suite struct `A client that pipelines and reads later` {
    @Test(.timeLimit(.minutes(5))) func `is held back, and then has all its replies`() throws {
        let daemon = try DaemonProcess(.blockjobd)
        let client = try UnixAddress.path(daemon.sockets[0]).connect()
        defer { close(client) }
        func text(_ command: String) -> [UInt8] { Array("{\"execute\": \"\(command)\"}\n".utf8) }
        var sent = 0
        // The replies are far more than may wait for a client.
        let commands = text("qmp_capabilities") + (0..<400).flatMap { _ in text("query-qmp-schema") }
        var fullFor = 0
        while sent < commands.count, fullFor < 2000 {
            let count = commands[sent...].withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
            if count > 0 {
                sent += count
                fullFor = 0
            } else {
                try #require(errno == EAGAIN)
                fullFor += 1
                usleep(1000)
            }
        }
        // From here on all is read, and the rest is sent as it fits.
        var lines = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while lines < 402 {
            if sent < commands.count {
                let count = commands[sent...].withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
                sent += max(0, count)
            }
            let count = read(client, &buffer, buffer.count)
            try #require(count > 0, "cut off after \(lines) replies")
            lines += buffer[..<count].count { $0 == 10 }
        }
        #expect(lines == 402)
    }
}
