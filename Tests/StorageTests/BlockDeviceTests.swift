import Glibc
import IOLoop
import Storage
import TestSupport
import Testing

@Suite struct `a block device` {
    @Test(.enabled(if: LoopDevice.isPossible, "only root can make loop devices, and not everywhere"), arguments: [false, true])
    func `is read, written, zeroed and discarded`(direct: Bool) async throws {
        let loop = try LoopDevice(size: 4 << 20, in: try TemporaryDirectory())
        let device = loop.path
        let thread = try IOThread()
        try await thread.run { io async throws in
            let wrongKind = await blockError {
                _ = try await HostFileStorage.open(device, options: HostFileOptions(), on: io)
            }
            #expect(wrongKind?.message == "'file' driver requires '\(device)' to be a regular file")
            let disk = try await HostFileStorage.open(
                device, options: HostFileOptions(driver: .hostDevice, direct: direct), on: io)
            #expect(disk.length == 4 << 20)
            #expect(disk.isDevice)
            #expect(disk.limits.requestAlignment == (direct ? 512 : 1))
            let ones = [UInt8](repeating: 1, count: 1 << 20)
            try await disk.write(ones, at: 1 << 20)
            #expect(try await disk.bytes(at: 1 << 20, count: 1 << 20) == ones)
            #expect(try await disk.extent(at: 0, limit: 4096) == StorageExtent(.data, length: 4096))
            for flags in [ZeroFlags.mayUnmap, []] {
                try await disk.write(ones, at: 1 << 20)
                // Partial sectors at both ends where the page cache allows them.
                let edge: Int64 = direct ? 512 : 300
                try await disk.writeZeroes(at: 1 << 20 + edge, count: 1 << 19, flags: flags)
                let found = try await disk.bytes(at: 1 << 20, count: 1 << 20)
                #expect(found[0..<Int(edge)].allSatisfy { $0 == 1 })
                #expect(found[Int(edge)..<Int(edge) + 1 << 19].allSatisfy { $0 == 0 })
                #expect(found[(Int(edge) + 1 << 19)...].allSatisfy { $0 == 1 })
            }
            try await disk.discard(at: 0, count: 4 << 20)
            try await disk.flush()
            let beyond = await blockError { try await disk.write([UInt8](repeating: 1, count: 512), at: 4 << 20) }
            #expect(beyond?.kind == .system(errno: ENOSPC))
            let growing = await blockError { try await disk.truncate(to: 8 << 20, preallocation: .off) }
            #expect(growing?.message == "Cannot grow device files")
            await disk.close()
        }
        try loop.grow(to: 8 << 20)
        try await thread.run { io async throws in
            let disk = try await HostFileStorage.open(device, options: HostFileOptions(driver: .hostDevice), on: io)
            try loop.grow(to: 12 << 20)
            // What others have made of the device is seen where it matters: by a write beyond the old end, and by a resize.
            try await disk.write([UInt8](repeating: 1, count: 512), at: 8 << 20)
            #expect(disk.length == 12 << 20)
            try loop.grow(to: 16 << 20)
            try await disk.truncate(to: 16 << 20, preallocation: .off)
            #expect(disk.length == 16 << 20)
            let other = await blockError { try await disk.truncate(to: 17 << 20, preallocation: .off) }
            #expect(other?.message == "Cannot grow device files")
            await disk.close()
        }
        try loop.setReadOnly(true)
        try await thread.run { io async throws in
            let readOnly = await blockError {
                _ = try await HostFileStorage.open(device, options: HostFileOptions(driver: .hostDevice), on: io)
            }
            // Linux from 6.5 on refuses the open itself, older ones leave it to us.
            #expect(
                readOnly?.message == "The device is not writable: Permission denied"
                    || readOnly?.message == "Could not open '\(device)': Permission denied", "\(String(describing: readOnly))")
        }
        await thread.stop()
    }
}

@Suite struct `null storage` {
    @Test func `reads zeroes, forgets writes, and takes its time`() async throws {
        let thread = try IOThread()
        try await thread.run { io async throws in
            let null = NullStorage(length: 1 << 40, latency: .milliseconds(5), readsZeroes: true, on: io)
            let start = ContinuousClock.now
            try await null.write([1, 2, 3], at: 1 << 39)
            #expect(try await null.bytes(at: 1 << 39, count: 3) == [0, 0, 0])
            #expect(ContinuousClock.now - start >= .milliseconds(10))
            #expect(try await null.extent(at: 0, limit: 1 << 40) == StorageExtent(.zero, length: 1 << 40))
            let beyond = await blockError { _ = try await null.bytes(at: 1 << 40, count: 1) }
            #expect(beyond?.kind == .outOfBounds)
            let plain = NullStorage(length: 4096, on: io)
            #expect(try await plain.extent(at: 0, limit: 4096).content == .data)
        }
        await thread.stop()
    }
}

@Suite struct `the buffer pool` {
    @Test func `gives the same memory again, aligned, and keeps no more than it may`() {
        let pool = BufferPool(retained: 3 << 20)
        var first: IOBuffer? = pool.buffer((1 << 20) - 100)
        let address = first?.bytes.baseAddress
        #expect(UInt(bitPattern: address) % 4096 == 0)
        #expect(first?.bytes.count == (1 << 20) - 100)
        first = nil
        #expect(pool.idle == 1 << 20)
        var again: IOBuffer? = pool.buffer(1 << 20)
        #expect(again?.bytes.baseAddress == address)
        #expect(pool.idle == 0)
        again = nil
        var many: [IOBuffer] = (0..<8).map { _ in pool.buffer(1 << 20) }
        #expect(Set(many.map { $0.bytes.baseAddress }).count == 8)
        many = []
        #expect(pool.idle == 3 << 20)
        let large = pool.buffer(3 << 20)
        #expect(UInt(bitPattern: large.bytes.baseAddress) % (2 << 20) == 0)
        #expect(pool.buffer(0).bytes.count == 0)
    }
}
