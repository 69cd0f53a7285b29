import BlockGraph
import Glibc
import IOLoop
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct RealFileTests {
    /// A directory that goes away with the test.
    private final class Directory {
        let path: String
        init() throws {
            var template = Array("/tmp/blockjobs.XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw TookTooLong() }
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        deinit {
            for name in ["src", "dst", "new"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        func make(_ name: String, length: Int64, data: [(offset: Int64, bytes: [UInt8])] = []) -> String {
            let file = "\(path)/\(name)"
            let descriptor = Glibc.open(file, O_CREAT | O_RDWR | O_TRUNC, 0o644)
            ftruncate(descriptor, Int(length))
            for piece in data { pwrite(descriptor, piece.bytes, piece.bytes.count, Int(piece.offset)) }
            close(descriptor)
            return file
        }

        func allocated(_ name: String) -> Int64 {
            var status = stat()
            stat("\(path)/\(name)", &status)
            return Int64(status.st_blocks) * 512
        }

        func bytes(_ name: String) -> [UInt8] {
            var status = stat()
            let file = "\(path)/\(name)"
            stat(file, &status)
            var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
            let descriptor = Glibc.open(file, O_RDONLY)
            let count = pread(descriptor, &bytes, bytes.count, 0)
            close(descriptor)
            return count == bytes.count ? bytes : []
        }
    }

    @Test(arguments: [false, true])
    func `a sparse source makes a sparse target`(mirror: Bool) async throws {
        let directory = try Directory()
        let length: Int64 = 64 << 20
        let data = (0..<8 as Range<Int64>).map {
            (offset: $0 * (8 << 20) + 4096 * $0, bytes: [UInt8](repeating: UInt8($0 + 1), count: 100_000))
        }
        let world = try World()
        try await world.file("src", path: directory.make("src", length: length, data: data))
        try await world.file("dst", path: directory.make("dst", length: length))
        if mirror {
            try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full))
            await world.log.wait(for: "j:READY")
            try await world.registry.complete("j", via: .job)
        } else {
            try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full))
        }
        try await within { await world.log.wait(for: "j:N") }
        #expect(directory.bytes("dst") == directory.bytes("src"))
        #expect(directory.allocated("dst") <= directory.allocated("src") + 256 << 10)
        await world.graph.closeAll()
    }

    @Test func `what was on the target is zeroed where the source has holes`() async throws {
        let directory = try Directory()
        let length: Int64 = 3 << 20
        let world = try World()
        try await world.file("src", path: directory.make("src", length: length, data: [(1 << 20, [1, 2, 3])]))
        try await world.file("dst", path: directory.make("dst", length: length, data: [(0, [UInt8](repeating: 9, count: Int(length)))]))
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full))
        try await within { await world.log.wait(for: "j:N") }
        #expect(directory.bytes("dst") == directory.bytes("src"))
        await world.graph.closeAll()
    }

    @Test func `create makes a file, and the job stays until it is dismissed`() async throws {
        let directory = try Directory()
        let world = try World()
        let options = CreateOptions(id: "c", image: .file(.init(path: "\(directory.path)/new", size: 1 << 20)))
        try await world.jobs.command("create", noting: world.log) { jobs in try await jobs.startCreate(options) }
        await world.log.wait(for: "c:Cc")
        #expect(world.log.text == "c:C c:R <create> c:W c:P c:Cc")
        let info = await world.info("c")
        #expect(info?.currentProgress == 1 && info?.totalProgress == 1)
        #expect(directory.bytes("new").count == 1 << 20)
        #expect(await world.registry.blockJobs.isEmpty)
        try await world.registry.dismiss("c", via: .job)
        #expect(world.log.words.last == "c:N")
    }

    @Test func `create fails before the reply where the path is wrong`() async throws {
        let world = try World()
        let options = CreateOptions(id: "c", image: .file(.init(path: "/nonexistent/x", size: 1)))
        try await world.jobs.command("create", noting: world.log) { jobs in try await jobs.startCreate(options) }
        #expect(world.log.text == "c:C c:R c:aborting c:Cc <create>")
        #expect(await world.info("c")?.error == "Could not create '/nonexistent/x': No such file or directory")
        #expect(await world.info("c")?.currentProgress == 1)
    }

    @Test func `create refuses what it cannot, without a job`() async throws {
        let world = try World()
        await #expect(throws: BlockJobError("Driver does not support blockdev-create")) {
            try await world.jobs.startCreate(CreateOptions(id: "c", image: .other(driver: "null-co")))
        }
        await #expect(throws: BlockJobError("Invalid job ID '9'")) {
            try await world.jobs.startCreate(CreateOptions(id: "9", image: .file(.init(path: "/nonexistent/x", size: 1))))
        }
        #expect(world.log.words.isEmpty)
    }
}
