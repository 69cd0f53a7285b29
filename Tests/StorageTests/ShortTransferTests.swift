import Glibc
import IOLoop
import Storage
import TestSupport
import Testing

/// Transfers of which the host carries out a part only.
@Suite struct `a short transfer` {
    @Test(arguments: [IOThread.Engine.automatic, .threads])
    func `of what the page cache holds is continued from the disk`(engine: IOThread.Engine) async throws {
        // Where the folder is in memory, all is cached, and nothing is short.
        try await onLoop(Setting(folder: "/var/tmp", engine: engine, direct: false)) { io, folder in
            let count = 128 << 10
            let file = try await makeFile("\(folder)/image", length: Int64(count), on: io)
            let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 9)) }
            try await file.write(data, at: 0)
            try await file.flush()
            let descriptor = Glibc.open("\(folder)/image", O_RDONLY | O_CLOEXEC)
            defer { Glibc.close(descriptor) }
            for cached in [4096, 40_960, 65_536] {
                // Nothing is cached, then the beginning is.
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
                var beginning = [UInt8](repeating: 0, count: cached)
                try #require(pread(descriptor, &beginning, cached, 0) == cached)
                #expect(try await file.bytes(at: 0, count: count) == data)
            }
            await file.close()
        }
    }

    @Test(arguments: Setting.all) func `of a file that somebody has cut off is filled with zeroes`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 1 << 20, options: HostFileOptions(direct: setting.direct), on: io)
            try await file.write([UInt8](repeating: 7, count: 1 << 20), at: 0)
            try #require(truncate(path, 300_001) == 0)
            let found = try await file.bytes(at: 0, count: 1 << 20)
            #expect(found[..<300_001].allSatisfy { $0 == 7 })
            #expect(found[300_001...].allSatisfy { $0 == 0 })
            #expect(try await file.bytes(at: 512 << 10, count: 64 << 10).allSatisfy { $0 == 0 })
            await file.close()
        }
    }

    /// In a process of its own, since the limit is a process's.
    @Test func `of a write at the host's limit keeps what was written and tells the rest`() async throws {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            for engine in [IOThread.Engine.automatic, .threads] {
                try await onLoop(Setting(folder: "/var/tmp", engine: engine, direct: false)) { io, folder in
                    let file = try await makeFile("\(folder)/image", length: 0, on: io)
                    var limit = rlimit()
                    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                    limit.rlim_cur = 100_000
                    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                    let error = await blockError { try await file.write([UInt8](repeating: 9, count: 256 << 10), at: 0) }
                    guard error?.kind == .system(errno: EFBIG) else { exit(2) }
                    guard file.length == 100_000 else { exit(3) }
                    guard try await file.bytes(at: 0, count: 100_000).allSatisfy({ $0 == 9 }) else { exit(4) }
                    limit.rlim_cur = limit.rlim_max
                    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                    try await file.write([UInt8](repeating: 8, count: 256 << 10), at: 0)
                    guard file.length == 256 << 10 else { exit(5) }
                    await file.close()
                }
            }
        }
    }
}
