import IOLoop
import Storage
import TestSupport
import Testing

@Suite struct `copying between host files` {
    @Test(arguments: Setting.buffered) func `works on one file system and across two`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let elsewhere = setting.folder == "/dev/shm" ? "/var/tmp" : "/dev/shm"
            let other = try TemporaryFolder(in: elsewhere)
            defer { other.remove() }
            do {
                let source = try await makeFile("\(folder)/source", length: 700_001, on: io)
                let data = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 9)) }
                try await source.write(data, at: 0)
                for target in ["\(folder)/target", "\(other.path)/target"] {
                    let copy = try await makeFile(target, length: 0, on: io)
                    try await copy.copy(from: source, at: 0, to: 0, count: data.count)
                    #expect(copy.length == 700_001)
                    #expect(try await copy.bytes(at: 0, count: data.count) == data)
                    // A part, to another place.
                    try await copy.copy(from: source, at: 777, to: 200_003, count: 400_000)
                    #expect(try await copy.bytes(at: 200_003, count: 400_000) == Array(data[777..<400_777]))
                    #expect(try await copy.bytes(at: 0, count: 200_003) == Array(data[0..<200_003]))
                    await copy.close()
                }
                await source.close()
            }
        }
    }

    /// More than two windows of writing back, in pieces that end in any order.
    @Test(arguments: Setting.buffered) func `loses nothing when several copies into one file are in flight`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let piece = 1 << 20
            let length = 36 * piece + 4097
            let source = try await makeFile("\(folder)/source", length: Int64(length), on: io)
            let target = try await makeFile("\(folder)/target", length: Int64(length), on: io)
            var generator = SeededGenerator(seed: 1)
            let block = (0..<1024).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
            func pattern(_ index: Int) -> [UInt8] {
                var bytes = [UInt8](repeating: UInt8(index + 1), count: min(piece, length - index * piece))
                bytes.replaceSubrange(0..<min(block.count, bytes.count), with: block.prefix(bytes.count))
                return bytes
            }
            for index in 0...36 { try await source.write(pattern(index), at: Int64(index * piece)) }
            nonisolated(unsafe) let (from, to) = (source, target)
            let workers = (0..<4).map { worker in
                io.task { _ -> BlockError? in
                    for index in stride(from: worker, through: 36, by: 4) {
                        let offset = Int64(index * piece)
                        do throws(BlockError) {
                            try await to.copy(from: from, at: offset, to: offset, count: min(piece, length - index * piece))
                        } catch {
                            return error
                        }
                    }
                    return nil
                }
            }
            for worker in workers { #expect(await worker.value == nil) }
            try await target.flush()
            for index in 0...36 {
                let expected = pattern(index)
                #expect(try await target.bytes(at: Int64(index * piece), count: expected.count) == expected)
            }
            await source.close()
            await target.close()
        }
    }

    @Test func `of nothing tells whether these two can`() async throws {
        try await onLoop(Setting(folder: "/var/tmp", engine: .automatic, direct: false)) { io, folder in
            let source = try await makeFile("\(folder)/source", length: 0, on: io)
            let target = try await makeFile("\(folder)/target", length: 4096, on: io)
            let direct = try await makeFile("\(folder)/direct", length: 4096, options: HostFileOptions(direct: true), on: io)
            let allocated = await target.allocatedSize()
            try await target.copy(from: source, at: 0, to: 0, count: 0)
            #expect(await target.allocatedSize() == allocated)
            #expect(target.length == 4096)
            #expect(await blockError { try await direct.copy(from: source, at: 0, to: 0, count: 0) }?.kind == .unsupported)
            for file in [source, target, direct] { await file.close() }
        }
    }

    @Test func `is refused with O_DIRECT, onto itself, and from another kind, before anything is written`() async throws {
        try await onLoop(Setting(folder: "/var/tmp", engine: .automatic, direct: true)) { io, folder in
            let plain = try await makeFile("\(folder)/plain", length: 1 << 20, on: io)
            let direct = try await makeFile("\(folder)/direct", length: 1 << 20, options: HostFileOptions(direct: true), on: io)
            let null = NullStorage(length: 1 << 20, on: io)
            for source in [direct, plain, null] {
                let error = await blockError { try await plain.copy(from: source, at: 0, to: 4096, count: 65536) }
                #expect(error?.kind == .unsupported)
            }
            #expect(await plain.allocatedSize() ?? .max <= 8192)
            await plain.close()
            await direct.close()
        }
    }

    @Test(arguments: Setting.buffered) func `leaves zeroes of the source holes on a new target, and writes them over old bytes`(
        setting: Setting
    ) async throws {
        try await onLoop(setting) { io, folder in
            // Written, not punched: the source has space for all of it.
            var data = [UInt8](repeating: 0, count: 8 << 20)
            for index in (1 << 20)..<(1 << 20) + 100_000 { data[index] = 7 }
            data[data.count - 1] = 9
            let source = try await makeFile("\(folder)/source", length: Int64(data.count), on: io)
            try await source.write(data, at: 0)
            #expect(await source.allocatedSize() ?? 0 >= data.count)
            let new = try await makeFile("\(folder)/new", length: Int64(data.count), on: io)
            let empty = try await makeFile("\(folder)/empty", length: 0, on: io)
            let old = try await makeFile("\(folder)/old", length: Int64(data.count), on: io)
            try await old.write([UInt8](repeating: 0xff, count: data.count), at: 0)
            for target in [new, empty, old] {
                try await target.copy(from: source, at: 0, to: 0, count: data.count)
                #expect(target.length == Int64(data.count))
                let found = try await target.bytes(at: 0, count: data.count)
                #expect(found == data)
            }
            #expect(await new.allocatedSize() ?? .max <= 1 << 20)
            for file in [source, new, empty, old] { await file.close() }
        }
    }

    /// Blocks of every kind side by side: what a copy decides by a look at a block's start must not change what arrives.
    @Test(arguments: Setting.buffered) func `is exact wherever a block's data lies`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let block = 64 << 10
            var generator = SeededGenerator(seed: 7)
            var data = [UInt8](repeating: 0, count: 61 * block + 12_345)
            for start in stride(from: 0, to: data.count, by: block) {
                let end = min(start + block, data.count)
                switch generator.next() % 6 {
                case 0: break
                case 1: data[start] = 1
                case 2: data[end - 1] = 2
                case 3: data[start + min(64, end - start - 1)] = 3
                case 4: data[start + Int(generator.next() % UInt64(end - start))] = 4
                default: for index in start..<end { data[index] = UInt8(truncatingIfNeeded: index &* 13 ^ index >> 8) }
                }
            }
            let source = try await makeFile("\(folder)/source", length: Int64(data.count), on: io)
            try await source.write(data, at: 0)
            let target = try await makeFile("\(folder)/target", length: Int64(data.count), on: io)
            // Aligned, and not; in pieces that begin and end anywhere.
            for shift in [0, 512, 4095] {
                var offset = 0
                while offset < data.count - shift {
                    let count = min(data.count - shift - offset, 1 + Int(generator.next() % UInt64(9 * block)))
                    try await target.copy(from: source, at: Int64(offset + shift), to: Int64(offset), count: count)
                    offset += count
                }
                #expect(try await target.bytes(at: 0, count: data.count - shift) == Array(data[shift...]))
            }
            await source.close()
            await target.close()
        }
    }
}
