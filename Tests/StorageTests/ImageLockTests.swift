import IOLoop
import Storage
import TestSupport
import Testing

private let plain = Setting(folder: "/var/tmp", engine: .automatic, direct: false)

/// What a writing node in a graph holds.
private let writer: (held: LockSet, shared: LockSet) = ([.consistentRead, .write, .resize], [.consistentRead])

@Suite struct `image locks` {
    @Test func `keep qemu-io from an image that we write, until we close it`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, on: io)
            try await file.setPermissions(held: writer.held, shared: writer.shared)
            let refused = try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path)
            #expect(refused.output.contains("Failed to get \"write\" lock"))
            #expect(refused.output.contains("Is another process using the image [\(path)]?"))
            await file.close()
            let allowed = try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write -P 9 0 512", path)
            #expect(allowed.status == 0 && allowed.output.contains("wrote 512/512"))
        }
    }

    @Test func `let readers share with readers`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, on: io)
            try await file.setPermissions(held: .consistentRead, shared: [.consistentRead, .writeUnchanged])
            #expect(try Run("/usr/bin/qemu-io", "-r", "-f", "raw", "-c", "read 0 512", path).status == 0)
            #expect(try Run("/usr/bin/qemu-img", "info", "-f", "raw", path).status == 0)
            let writing = try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path)
            #expect(writing.output.contains("Failed to get \"write\" lock"))
            await file.close()
        }
    }

    @Test func `are refused to us while qemu-storage-daemon writes, in the same words`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, on: io)
            let holder = try Holder(path: path)
            let error = await blockError { try await file.setPermissions(held: writer.held, shared: writer.shared) }
            #expect(error?.kind == .inUse)
            #expect(error?.hint == "Is another process using the image [\(path)]?")
            // An export shares writing, not resizing.
            #expect(error?.message == "Failed to get \"resize\" lock")
            let theirs = try Run("/usr/bin/qemu-img", "resize", "-f", "raw", path, "128k")
            #expect(theirs.status != 0 && theirs.output.contains(error?.message ?? "none"), "\(theirs.output)")
            let reading = await blockError { try await file.setPermissions(held: .consistentRead, shared: [.consistentRead]) }
            #expect(reading?.message == "Failed to get shared \"write\" lock")
            holder.end()
            // Nothing was left locked by the failed attempts, and now they work.
            let alone = try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path)
            #expect(alone.status == 0)
            try await file.setPermissions(held: writer.held, shared: writer.shared)
            await file.close()
        }
    }

    @Test func `follow a change of permissions`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, on: io)
            let write = ["/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path]
            func othersMayWrite() throws -> Bool { try Run(write[0], write[1], write[2], write[3], write[4], write[5]).status == 0 }
            try await file.setPermissions(held: writer.held, shared: writer.shared)
            #expect(try !othersMayWrite())
            try await file.setPermissions(held: [], shared: .all)
            #expect(try othersMayWrite())
            // Between prepare and commit both the old and the new are locked; abort returns to the old.
            try await file.prepareLocks(held: writer.held, shared: writer.shared)
            #expect(try !othersMayWrite())
            await file.abortLocks()
            #expect(try othersMayWrite())
            try await file.prepareLocks(held: writer.held, shared: writer.shared)
            await file.commitLocks()
            #expect(try !othersMayWrite())
            try await file.prepareLocks(held: [], shared: .all)
            #expect(try !othersMayWrite())
            await file.commitLocks()
            #expect(try othersMayWrite())
            await file.close()
        }
    }

    @Test func `exclude two storages of one process, under two names`() async throws {
        try await onLoop(plain) { io, folder in
            let first = try await makeFile("\(folder)/image", length: 65536, on: io)
            #expect(try Run("/bin/ln", "\(folder)/image", "\(folder)/other").status == 0)
            let second = try await HostFileStorage.open("\(folder)/other", options: HostFileOptions(), on: io)
            #expect(first.identity == second.identity)
            try await first.setPermissions(held: writer.held, shared: writer.shared)
            let error = await blockError { try await second.setPermissions(held: writer.held, shared: writer.shared) }
            #expect(error?.message == "Failed to get \"write\" lock")
            await first.close()
            try await second.setPermissions(held: writer.held, shared: writer.shared)
            await second.close()
        }
    }

    @Test func `are not taken with locking off`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, options: HostFileOptions(locking: .off), on: io)
            try await file.setPermissions(held: writer.held, shared: writer.shared)
            #expect(try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path).status == 0)
            await file.close()
        }
    }

    @Test func `move over when automatic access reopens the file`() async throws {
        try await onLoop(plain) { io, folder in
            let path = "\(folder)/image"
            let file = try await makeFile(path, length: 65536, options: HostFileOptions(access: .automatic), on: io)
            #expect(!file.isWritable)
            try await file.setPermissions(held: .consistentRead, shared: [.consistentRead])
            try await file.setPermissions(held: writer.held, shared: writer.shared)
            #expect(file.isWritable)
            try await file.write([4, 5], at: 0)
            let refused = try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path)
            #expect(refused.output.contains("Failed to get \"write\" lock"))
            try await file.setPermissions(held: .consistentRead, shared: .all)
            #expect(!file.isWritable)
            #expect(try await file.bytes(at: 0, count: 2) == [4, 5])
            #expect(try Run("/usr/bin/qemu-io", "-f", "raw", "-c", "write 0 512", path).status == 0)
            await file.close()
        }
    }
}
