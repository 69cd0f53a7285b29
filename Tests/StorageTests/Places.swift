import Glibc
import IOLoop
import Storage
import TestSupport
import Testing

/// Where test files lie, and what carries out their requests.
struct Setting: Sendable, CustomTestStringConvertible {
    let folder: String
    let engine: IOThread.Engine
    let direct: Bool

    var testDescription: String { "\(folder), \(engine), \(direct ? "O_DIRECT" : "buffered")" }

    /// tmpfs and a disk, the ring and the pool, with and without the page cache.
    static let all: [Setting] = ["/dev/shm", "/var/tmp"].flatMap { folder in
        [IOThread.Engine.automatic, .threads].flatMap { engine in
            [false, true].map { Setting(folder: folder, engine: engine, direct: $0) }
        }
    }
    static let buffered = all.filter { !$0.direct }
}

/// A folder of its own for one test.
struct TemporaryFolder: Sendable {
    let path: String

    init(in parent: String) throws {
        var template = Array("\(parent)/blockjobd-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BlockError.system(errno, "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() { _ = try? Run("/bin/rm", "-rf", path) }
}

/// Runs `body` on a loop of the setting's engine, with a folder at the setting's place.
func onLoop<Value: Sendable>(
    _ setting: Setting, _ body: @Sendable (isolated IOThread, String) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder(in: setting.folder)
    defer { folder.remove() }
    let thread = try IOThread(name: "test", engine: setting.engine)
    let value = try await thread.run { io async throws -> Value in try await body(io, folder.path) }
    await thread.stop()
    return value
}

/// Makes a file of `length` bytes and opens it.
func makeFile(
    _ path: String, length: Int64, options: HostFileOptions = HostFileOptions(), on io: isolated IOThread
) async throws -> HostFileStorage {
    try await HostFile.create(path, length: length, on: io)
    return try await HostFileStorage.open(path, options: options, on: io)
}

extension BlockStorage {
    func write(_ bytes: [UInt8], at offset: Int64, flags: WriteFlags = []) async throws {
        let buffer = BufferPool.shared.buffer(bytes.count)
        buffer.bytes.copyBytes(from: bytes)
        try await write(at: offset, from: buffer.contents, flags: flags)
    }

    func bytes(at offset: Int64, count: Int) async throws -> [UInt8] {
        let buffer = BufferPool.shared.buffer(count)
        buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0xAA)
        try await read(at: offset, into: buffer.bytes)
        return Array(buffer.bytes)
    }
}

/// The error that `body` throws, nil when it throws none.
func blockError(_ body: () async throws -> Void) async -> BlockError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? BlockError
    }
}

/// A program that ran to its end.
struct Run {
    let status: Int32
    let output: String

    /// Runs a program with stdout and stderr together.
    init(_ arguments: String...) throws {
        let quoted = arguments.map { "'\($0)'" }.joined(separator: " ")
        guard let pipe = popen("\(quoted) 2>&1", "re") else { throw BlockError.system(errno, "popen") }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            text += chunk[0..<count]
        }
        let result = pclose(pipe)
        status = (result >> 8) & 0xFF
        output = String(decoding: text, as: UTF8.self)
    }
}
