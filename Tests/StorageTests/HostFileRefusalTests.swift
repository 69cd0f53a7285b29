import Glibc
import IOLoop
import Storage
import TestSupport
import Testing

private let plain = Setting(folder: "/var/tmp", engine: .automatic, direct: false)

@Suite struct `opening a host file` {
    @Test func `is refused in the reference's words`() async throws {
        try await onLoop(plain) { io, folder in
            let file = try await makeFile("\(folder)/file", length: 512, on: io)
            await file.close()
            mkfifo("\(folder)/fifo", 0o600)
            let cases: [(String, HostFileOptions, String)] = [
                ("/nonexistent/x", HostFileOptions(), "Could not open '/nonexistent/x': No such file or directory"),
                // Not the file whose name ends there.
                ("\(folder)/file\0x", HostFileOptions(), "Could not open '\(folder)/file\0x': No such file or directory"),
                (folder, HostFileOptions(), "Could not open '\(folder)': Is a directory"),
                (folder, HostFileOptions(access: .readOnly), "'file' driver requires '\(folder)' to be a regular file"),
                ("/dev/null", HostFileOptions(), "'file' driver requires '/dev/null' to be a regular file"),
                ("\(folder)/fifo", HostFileOptions(), "'file' driver requires '\(folder)/fifo' to be a regular file"),
                (
                    "\(folder)/file", HostFileOptions(driver: .hostDevice),
                    "'host_device' driver requires '\(folder)/file' to be either a character or block device"
                ),
                // Without waiting for its other end.
                (
                    "\(folder)/fifo", HostFileOptions(driver: .hostDevice, access: .readOnly),
                    "'host_device' driver requires '\(folder)/fifo' to be either a character or block device"
                ),
                ("/proc/version", HostFileOptions(access: .readOnly), "Could not refresh total sector count: Invalid argument"),
                (
                    "\(folder)/file", HostFileOptions(asyncIO: .native),
                    "aio=native was specified, but it requires cache.direct=on, which was not specified."
                ),
            ]
            for (path, options, message) in cases {
                let error = await blockError { _ = try await HostFileStorage.open(path, options: options, on: io) }
                #expect(error?.message == message)
            }
        }
    }

    @Test func `read-only lets nobody write`() async throws {
        try await onLoop(plain) { io, folder in
            let first = try await makeFile("\(folder)/file", length: 4096, on: io)
            await first.close()
            let file = try await HostFileStorage.open("\(folder)/file", options: HostFileOptions(access: .readOnly), on: io)
            #expect(file.isReadOnly)
            #expect(!file.isWritable)
            let write = await blockError { try await file.write([1], at: 0) }
            #expect(write?.kind == .readOnly)
            let zero = await blockError { try await file.writeZeroes(at: 0, count: 1, flags: []) }
            #expect(zero?.kind == .readOnly)
            let discard = await blockError { try await file.discard(at: 0, count: 1) }
            #expect(discard?.kind == .readOnly)
            let resize = await blockError { try await file.truncate(to: 1, preallocation: .off) }
            #expect(resize?.kind == .readOnly)
            await file.close()
            let late = await blockError { _ = try await file.bytes(at: 0, count: 1) }
            #expect(late?.kind == .system(errno: EBADF))
        }
    }

    @Test func `leaves no descriptor to programs that are started, and none open after close`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/file"
            let file = try await makeFile(path, length: 4096, on: io)
            let child = try Run("/bin/ls", "-l", "/proc/self/fd")
            #expect(!child.output.contains(path))
            let mine = try Run("/bin/ls", "-l", "/proc/\(getpid())/fd")
            #expect(mine.output.contains(path))
            await file.close()
            let after = try Run("/bin/ls", "-l", "/proc/\(getpid())/fd")
            #expect(!after.output.contains(path))
        }
    }
}

@Suite struct `creating a host file` {
    @Test func `is refused in the reference's words`() async throws {
        try await onLoop(plain) { io, folder in
            let missing = await blockError { try await HostFile.create("/nonexistent/x", length: 512, on: io) }
            #expect(missing?.message == "Could not create '/nonexistent/x': No such file or directory")
            let huge = await blockError { try await HostFile.create("\(folder)/huge", length: .max, on: io) }
            #expect(huge?.message == "Could not resize file: File too large")
            let metadata = await blockError {
                try await HostFile.create("\(folder)/m", length: 512, preallocation: .metadata, on: io)
            }
            #expect(metadata?.kind == .unsupported)
        }
    }

    @Test func `empties what is there, and allocates what was asked for`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/file"
            let file = try await makeFile(path, length: 4096, on: io)
            try await file.write([UInt8](repeating: 1, count: 4096), at: 0)
            await file.close()
            for (preallocation, allocated) in [(Preallocation.off, 0), (.falloc, 1 << 20), (.full, 1 << 20)] {
                try await HostFile.create(path, length: 1 << 20, preallocation: preallocation, noCopyOnWrite: true, on: io)
                let made = try await HostFileStorage.open(path, options: HostFileOptions(), on: io)
                #expect(made.length == 1 << 20)
                #expect(await made.allocatedSize() ?? -1 >= allocated)
                if preallocation == .off { #expect(await made.allocatedSize() ?? .max <= 8192) }
                #expect(try await made.bytes(at: 0, count: 1 << 20).allSatisfy { $0 == 0 })
                await made.close()
            }
        }
    }

    @Test func `doesn't empty an image that is in use`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/file"
            let file = try await makeFile(path, length: 4096, on: io)
            try await file.write([1, 2, 3], at: 0)
            try await file.setPermissions(held: [.consistentRead, .write], shared: [.consistentRead])
            let error = await blockError { try await HostFile.create(path, length: 512, on: io) }
            #expect(error?.message == "Failed to get \"write\" lock")
            #expect(error?.hint == "Is another process using the image [\(path)]?")
            #expect(try await file.bytes(at: 0, count: 3) == [1, 2, 3])
            await file.close()
        }
    }
}

@Suite struct `a full file system` {
    @Test(arguments: [IOThread.Engine.automatic, .threads]) func `is reported, and usable once there is space`(
        engine: IOThread.Engine
    ) async throws {
        let mountPoint = try TemporaryFolder(in: "/var/tmp")
        defer { mountPoint.remove() }
        let folder = mountPoint.path
        let memory = try TemporaryFolder(in: "/dev/shm")
        defer { memory.remove() }
        guard try Run("/bin/mount", "-t", "tmpfs", "-o", "size=1m", "none", folder).status == 0 else {
            print("skipped: no tmpfs can be mounted here")
            return
        }
        defer { _ = try? Run("/bin/umount", "-l", folder) }
        let thread = try IOThread(engine: engine)
        try await thread.run { io async throws in
            let file = try await makeFile("\(folder)/image", length: 4 << 20, on: io)
            let error = await blockError { try await file.write([UInt8](repeating: 1, count: 2 << 20), at: 0) }
            #expect(error?.kind == .system(errno: ENOSPC))
            #expect(error?.message == "No space left on device")
            try await file.discard(at: 0, count: 4 << 20)
            try await file.write([UInt8](repeating: 2, count: 4096), at: 0)
            #expect(try await file.bytes(at: 0, count: 4096).allSatisfy { $0 == 2 })
            let preallocation = await blockError {
                try await HostFile.create("\(folder)/full", length: 4 << 20, preallocation: .full, on: io)
            }
            #expect(preallocation?.message == "Could not write zeros for preallocation: No space left on device")
            let source = try await makeFile("\(memory.path)/source", length: 2 << 20, on: io)
            try await source.write([UInt8](repeating: 3, count: 2 << 20), at: 0)
            let copy = await blockError { try await file.copy(from: source, at: 0, to: 0, count: 2 << 20) }
            #expect(copy?.kind == .system(errno: ENOSPC))
            await source.close()
            await file.close()
        }
        await thread.stop()
    }

    @Test func `and a file size limit are errors, not signals`() async throws {
        await #expect(processExitsWith: .success) {
            try await onLoop(Setting(folder: "/var/tmp", engine: .automatic, direct: false)) { io, folder in
                let file = try await makeFile("\(folder)/image", length: 0, on: io)
                var limit = rlimit(rlim_cur: 65536, rlim_max: 65536)
                setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit)
                let error = await blockError { try await file.write([UInt8](repeating: 1, count: 131072), at: 0) }
                guard error?.kind == .system(errno: EFBIG) else { exit(3) }
                await file.close()
            }
        }
    }
}
