import IOLoop
import Storage
import TestSupport
import Testing

@Suite struct `a host file` {
    /// Random operations, several at a time on ranges that don't meet, against an array.
    @Test(arguments: Setting.all) func `agrees with a model over random operations`(setting: Setting) async throws {
        let seed = UInt64.random(in: 0..<UInt64.max)
        try await onLoop(setting) { io, folder in
            let length: Int64 = 1 << 20
            let file = try await makeFile(
                "\(folder)/image", length: length, options: HostFileOptions(direct: setting.direct), on: io)
            let unit = max(setting.direct ? 512 : 1, file.limits.requestAlignment)
            var model = [UInt8](repeating: 0, count: Int(length))
            var generator = SeededGenerator(seed: seed)
            for round in 0..<Sanitized.times(120) {
                let start = Int.random(in: 0..<model.count / unit, using: &generator) * unit
                let longest = [unit, 16 * unit, 200_000 / unit * unit].randomElement(using: &generator) ?? unit
                let count = min(model.count - start, max(unit, Int.random(in: 0...longest, using: &generator) / unit * unit))
                let offset = Int64(start)
                switch Int.random(in: 0..<8, using: &generator) {
                case 0, 1, 2:
                    // A pattern of its own for every round, cheap to make, with no zeroes and no period that fits a block.
                    let data = pattern(seed: UInt8.random(in: 1...255, using: &generator), count: count)
                    try await file.write(data, at: offset, flags: round % 7 == 0 ? .forceUnitAccess : [])
                    model.replaceSubrange(start..<start + count, with: data)
                case 3:
                    try await file.writeZeroes(at: offset, count: Int64(count), flags: [])
                    model.replaceSubrange(start..<start + count, with: repeatElement(0, count: count))
                case 4:
                    try await file.writeZeroes(at: offset, count: Int64(count), flags: .mayUnmap)
                    model.replaceSubrange(start..<start + count, with: repeatElement(0, count: count))
                case 5:
                    // A host file reads as zeroes where it was discarded.
                    try await file.discard(at: offset, count: Int64(count))
                    model.replaceSubrange(start..<start + count, with: repeatElement(0, count: count))
                case 6:
                    let extent = try await file.extent(at: offset, limit: Int64(count))
                    #expect(extent.length >= 1 && extent.length <= count)
                    if extent.content != .data {
                        #expect(model[start..<start + Int(extent.length)].allSatisfy { $0 == 0 }, "seed \(seed) round \(round)")
                    }
                default:
                    let found = try await file.bytes(at: offset, count: count)
                    #expect(found == Array(model[start..<start + count]), "seed \(seed) round \(round)")
                }
            }
            try await file.flush()
            let found = try await file.bytes(at: 0, count: model.count)
            #expect(found == model, "seed \(seed)")
            await file.close()
            // What other programs see.
            let other = try await HostFileStorage.open("\(folder)/image", options: HostFileOptions(access: .readOnly), on: io)
            let seen = try await other.bytes(at: 0, count: model.count)
            #expect(seen == model, "seed \(seed)")
            await other.close()
        }
    }

    @Test(arguments: Setting.all) func `serves many requests in flight at once`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let file = try await makeFile(
                "\(folder)/image", length: 4 << 20, options: HostFileOptions(direct: setting.direct), on: io)
            let box = LoopBound(file, on: io)
            let thread = box.thread
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        await thread.run { io in
                            let file = box.value
                            for chunk in 0..<4 {
                                let offset = Int64((chunk * 16 + worker) * 65536)
                                let bytes = [UInt8](repeating: UInt8(worker * 4 + chunk), count: 65536)
                                do {
                                    try await file.write(bytes, at: offset)
                                    #expect(try await file.bytes(at: offset, count: 65536) == bytes)
                                } catch {
                                    Issue.record(error)
                                }
                            }
                        }
                    }
                }
            }
            for index in 0..<64 {
                let found = try await file.bytes(at: Int64(index * 65536), count: 65536)
                #expect(found.allSatisfy { $0 == UInt8((index % 16) * 4 + index / 16) })
            }
            await file.close()
        }
    }

    @Test(arguments: Setting.all) func `reads zeroes behind an odd end, and refuses beyond the sector`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let path = "\(folder)/odd"
            let plain = try await makeFile(path, length: 5000, on: io)
            try await plain.write([UInt8](repeating: 7, count: 5000), at: 0)
            await plain.close()
            let file = try await HostFileStorage.open(path, options: HostFileOptions(direct: setting.direct), on: io)
            #expect(file.length == 5000)
            let unit = max(512, file.limits.requestAlignment)
            let end = (5000 + unit - 1) / unit * unit
            let found = try await file.bytes(at: Int64(end - unit), count: unit)
            #expect(found == [UInt8](repeating: 7, count: 5000 - (end - unit)) + [UInt8](repeating: 0, count: end - 5000))
            let error = await blockError { _ = try await file.bytes(at: Int64(end), count: unit) }
            #expect(error?.kind == .outOfBounds)
            // Writing the last sector as a whole lengthens the file.
            try await file.write([UInt8](repeating: 9, count: unit), at: Int64(end - unit))
            #expect(file.length == Int64(end))
            await file.close()
        }
    }

    @Test func `takes unaligned memory with O_DIRECT through a bounce buffer`() async throws {
        try await onLoop(Setting(folder: "/var/tmp", engine: .automatic, direct: true)) { io, folder in
            let file = try await makeFile(
                "\(folder)/image", length: 3 << 20, options: HostFileOptions(direct: true), on: io)
            let memory = BufferPool.shared.buffer((3 << 20) + 1)
            let odd = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[1...])
            for index in odd.indices { odd[index] = UInt8(truncatingIfNeeded: index / 1000) }
            try await file.write(at: 0, from: UnsafeRawBufferPointer(odd), flags: [])
            let back = BufferPool.shared.buffer((3 << 20) + 1)
            let oddBack = UnsafeMutableRawBufferPointer(rebasing: back.bytes[1...])
            try await file.read(at: 0, into: oddBack)
            #expect(odd.elementsEqual(oddBack))
            await file.close()
        }
    }

    @Test(arguments: Setting.buffered) func `keeps holes, and tells them`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let file = try await makeFile("\(folder)/sparse", length: 8 << 20, on: io)
            try await file.write([UInt8](repeating: 1, count: 65536), at: 4 << 20)
            try await file.writeZeroes(at: 0, count: 65536, flags: .mayUnmap)
            let head = try await file.extent(at: 0, limit: .max)
            #expect(head == StorageExtent(.hole, length: 4 << 20))
            // From the remembered answer, and never more than was asked for.
            #expect(try await file.extent(at: 1000, limit: 10) == StorageExtent(.hole, length: 10))
            #expect(try await file.extent(at: 4 << 20, limit: .max) == StorageExtent(.data, length: 65536))
            let rest = try await file.extent(at: (4 << 20) + 65536, limit: .max)
            #expect(rest == StorageExtent(.hole, length: (4 << 20) - 65536))
            #expect(await file.allocatedSize() ?? 0 < 200_000)
            // A remembered hole is forgotten when it is filled, and data when it is punched.
            try await file.write([UInt8](repeating: 2, count: 4096), at: 6 << 20)
            #expect(try await file.extent(at: 6 << 20, limit: 4096).content == .data)
            try await file.discard(at: 6 << 20, count: 4096)
            #expect(try await file.extent(at: 6 << 20, limit: 4096).content == .hole)
            // Zeroes that must stay allocated do.
            let before = await file.allocatedSize() ?? 0
            try await file.writeZeroes(at: 1 << 20, count: 1 << 20, flags: [])
            #expect(await file.allocatedSize() ?? 0 >= before + 1 << 20)
            #expect(try await file.bytes(at: 1 << 20, count: 1 << 20).allSatisfy { $0 == 0 })
            await file.close()
        }
    }

    @Test(arguments: Setting.all) func `grows when zeroes are written beyond its end`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            for flags in [ZeroFlags.mayUnmap, []] {
                let file = try await makeFile(
                    "\(folder)/grow\(flags.rawValue)", length: 8192, options: HostFileOptions(direct: setting.direct), on: io)
                try await file.write([UInt8](repeating: 5, count: 8192), at: 0)
                try await file.writeZeroes(at: 4096, count: 1 << 20, flags: flags)
                #expect(file.length == 4096 + 1 << 20)
                #expect(try await file.bytes(at: 0, count: 4096).allSatisfy { $0 == 5 })
                #expect(try await file.bytes(at: 4096, count: 1 << 20).allSatisfy { $0 == 0 })
                await file.close()
                let again = try await HostFileStorage.open("\(folder)/grow\(flags.rawValue)", options: HostFileOptions(), on: io)
                #expect(again.length == 4096 + 1 << 20)
                await again.close()
            }
        }
    }

    @Test(arguments: Setting.buffered) func `changes its length with every preallocation`(setting: Setting) async throws {
        try await onLoop(setting) { io, folder in
            let file = try await makeFile("\(folder)/resize", length: 1 << 20, on: io)
            try await file.truncate(to: 2 << 20, preallocation: .off)
            #expect(await file.allocatedSize() ?? .max < 100_000)
            try await file.truncate(to: 3 << 20, preallocation: .falloc)
            #expect(await file.allocatedSize() ?? 0 >= 1 << 20)
            try await file.truncate(to: 4 << 20, preallocation: .full)
            #expect(await file.allocatedSize() ?? 0 >= 2 << 20)
            #expect(file.length == 4 << 20)
            let refused = await blockError { try await file.truncate(to: 1 << 20, preallocation: .full) }
            #expect(refused?.message == "Cannot use preallocation for shrinking files")
            #expect(file.length == 4 << 20)
            try await file.truncate(to: 1000, preallocation: .off)
            #expect(file.length == 1000)
            await file.close()
        }
    }
}

/// 251 bytes repeated, shifted by `seed`, none zero.
private func pattern(seed: UInt8, count: Int) -> [UInt8] {
    let period = (0..<251).map { UInt8(1 + ($0 &+ Int(seed)) % 251) }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        let target = UnsafeMutableRawBufferPointer(buffer)
        period.withUnsafeBytes { source in
            var position = 0
            while position < count {
                let part = min(251, count - position)
                UnsafeMutableRawBufferPointer(rebasing: target[position..<position + part])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[0..<part]))
                position += part
            }
        }
        initialized = count
    }
}
