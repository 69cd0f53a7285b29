import ImageFormats
import Storage
import TestSupport
import Testing

@Suite struct `qcow2 snapshots` {
    static let kinds: [Qcow2CreateOptions] = [
        Qcow2CreateOptions(size: 1 << 20),
        Qcow2CreateOptions(size: 200 << 10, clusterSize: 512),
        Qcow2CreateOptions(size: 300 << 10, version: .v2, clusterSize: 1024),
        Qcow2CreateOptions(size: 200 << 10, clusterSize: 512, refcountBits: 4),
        Qcow2CreateOptions(size: 1 << 20 + 512, clusterSize: 16384, extendedL2: true),
        Qcow2CreateOptions(size: 300 << 10, clusterSize: 2048, lazyRefcounts: true, refcountBits: 64),
    ]

    private func request(_ name: String) -> Qcow2SnapshotRequest { Qcow2SnapshotRequest(name: name, dateSeconds: 1_700_000_000) }

    @Test(.timeLimit(.minutes(15)))
    func `are refused at once where an entry refers to the end of all files`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 96 << 10, clusterSize: 512, refcountBits: 64))
        try await image.put(tagged(1, count: 512), at: 0)
        try await image.close()
        var file = disk.contents
        func word(_ offset: Int) -> Int { file[offset..<offset + 8].reduce(0) { ($0 & (1 << 55 - 1)) << 8 | Int($1) } }
        let table = word(Int(try Qcow2Header(image: file).l1Offset)) & 0x00ff_ffff_ffff_fe00
        file[table + 1] |= 0x80
        let again = try await Qcow2Image.open(file, options: Qcow2OpenOptions())
        await #expect(throws: BlockError.system(27)) { try await again.createSnapshot(request("s")) }
        #expect(!again.isCorrupt)
    }

    @Test func `are listed as qemu-img made them`() async throws {
        let image = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "1M")
            try tools.run("qemu-img", ["snapshot", "-c", "one", "i"])
            try tools.run("qemu-img", ["snapshot", "-c", "the second", "i"])
            try tools.run("qemu-img", ["snapshot", "-d", "one", "i"])
            try tools.run("qemu-img", ["snapshot", "-c", "third", "i"])
            return try tools.bytes("i")
        }
        let snapshots = try await Qcow2Image.open(image).snapshots()
        #expect(snapshots.map(\.id) == ["2", "3"] && snapshots.map(\.name) == ["the second", "third"])
        #expect(snapshots.allSatisfy { $0.diskSize == 1 << 20 && $0.vmStateSize == 0 && $0.dateSeconds > 1_600_000_000 })
    }

    @Test func `keep what they show when the active layer discards it but keeps its space`() async throws {
        let (made, disk) = try await newImage(Self.kinds[0])
        try await made.put(tagged(1, count: 1 << 20), at: 0)
        let shown = try await made.everything()
        try await made.createSnapshot(request("one"))
        try await made.close()
        var options = Qcow2OpenOptions(purpose: .writing)
        options.discardNoUnref = true
        options.passDiscardRequest = true
        let image = try await Qcow2Image.open(file: disk, options: options, offload: DispatchOffload())
        try await image.discard(at: GuestOffset(0), count: 1 << 20)
        try await image.flush()
        #expect(try await image.everything().allSatisfy { $0 == 0 })
        try await image.applySnapshot("one")
        #expect(try await image.everything() == shown)
        try await image.close()
        try await expectSound(disk.contents)
    }

    @Test(arguments: kinds)
    func `taken here are read by qemu-img, and the other way round`(options: Qcow2CreateOptions) async throws {
        let (image, disk) = try await newImage(options)
        let count = Int(options.size) / 2
        try await image.put(tagged(1, count: count), at: 0)
        let first = try await image.everything()
        #expect(try await image.createSnapshot(request("one")).id == "1")
        try await image.put(tagged(2, count: count / 2), at: Int64(count / 4 / 512 * 512))
        try await image.discard(at: GuestOffset(0), count: Int64(count / 8))
        let second = try await image.everything()
        try await image.createSnapshot(request("two"))
        try await image.put(tagged(3, count: 4096), at: options.size / 512 / 2 * 512)
        let active = try await image.everything()
        try await image.close()
        try await expectSound(disk.contents)

        let bytes = disk.contents
        let changed = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", bytes)
            for (name, expected) in [("one", first), ("two", second)] {
                try tools.run("qemu-img", ["convert", "-f", "qcow2", "-l", "snapshot.name=\(name)", "-O", "raw", "i", "raw"])
                let isEqual = try tools.bytes("raw") == expected
                #expect(isEqual, "\(name)")
            }
            let isEqual = try tools.rawContents("i") == active
            #expect(isEqual)
            try tools.run("qemu-img", ["snapshot", "-a", "one", "i"])
            try tools.run("qemu-img", ["snapshot", "-c", "three", "i"])
            try tools.io("i", ["write -P 9 1k 3k"])
            return try tools.bytes("i")
        }
        let again = SimulatedStorage(seed: 2, contents: changed)
        let reopened = try await Qcow2Image.open(file: again, offload: DispatchOffload())
        try await reopened.applySnapshot("two")
        #expect(try await reopened.everything() == second)
        try await reopened.applySnapshot("3")
        #expect(try await reopened.everything() == first)
        try await reopened.deleteSnapshot(id: nil, name: "one")
        try await reopened.deleteSnapshot(id: "2", name: nil)
        try await reopened.put(tagged(5, count: 2048), at: 0)
        try await reopened.deleteSnapshot(id: "3", name: "three")
        #expect(try await reopened.snapshots().isEmpty)
        #expect(try await reopened.bytes(at: 2048, count: 4096) == Array(first[2048..<6144]))
        try await reopened.close()
        try await expectSound(again.contents)
    }

    @Test func `bring the disk's length back`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 300 << 10, clusterSize: 512))
        try await image.put(tagged(1, count: 300 << 10), at: 0)
        try await image.createSnapshot(request("large"))
        try await image.truncate(to: 10 << 10)
        let small = try await image.everything()
        try await image.createSnapshot(request("small"))
        try await image.applySnapshot("large")
        let isBack = try await image.everything() == tagged(1, count: 300 << 10)
        #expect(isBack)
        try await image.applySnapshot("small")
        #expect(try await image.everything() == small)
        try await image.close()
        try await expectSound(disk.contents)
    }

    @Test func `keep the state of a virtual machine`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 100 << 10, clusterSize: 1024))
        let state = tagged(4, count: 300 << 10)
        let buffer = BufferPool.shared.buffer(state.count)
        buffer.bytes.copyBytes(from: state)
        try await image.writeVMState(at: 0, from: buffer.contents)
        var wanted = request("with state")
        wanted.vmStateSize = UInt64(state.count)
        wanted.vmClock = 77
        wanted.instructionCount = 1234
        let snapshot = try await image.createSnapshot(wanted)
        #expect(snapshot.vmStateSize == UInt64(state.count) && snapshot.instructionCount == 1234)
        try await image.readVMState(at: 0, into: buffer.bytes)
        let isGone = buffer.contents.allSatisfy { $0 == 0 }
        #expect(isGone, "the active layer has forgotten it")
        try await image.applySnapshot("1")
        try await image.readVMState(at: 0, into: buffer.bytes)
        let isBack = Array(buffer.contents) == state
        #expect(isBack)
        try await image.close()
        try await expectSound(disk.contents)
        let bytes = disk.contents
        let listed = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", bytes)
            return try WireParser.parse(try tools.run("qemu-img", ["info", "--output=json", "i"]))
        }
        #expect(listed.at("snapshots[0].vm-state-size")?.integer == state.count && listed.at("snapshots[0].icount")?.integer == 1234)
        #expect(try await Qcow2Image.open(bytes).snapshots() == [snapshot])
    }

    @Test func `are refused where the format has none, and change nothing then`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 100 << 10, clusterSize: 512, refcountBits: 1))
        try await image.put(tagged(1, count: 50 << 10), at: 0)
        let error = await #expect(throws: BlockError.self) { try await image.createSnapshot(request("x")) }
        #expect(error?.kind == .system(errno: 22))
        for text in ["x", "1"] {
            let missing = await #expect(throws: BlockError.self) { try await image.applySnapshot(text) }
            #expect(missing?.kind == .system(errno: 2))
        }
        let missing = await #expect(throws: BlockError.self) { try await image.deleteSnapshot(id: nil, name: "x") }
        #expect(missing?.message == "Can't find the snapshot")
        let isUnchanged = try await image.bytes(at: 0, count: 50 << 10) == tagged(1, count: 50 << 10)
        #expect(isUnchanged)
        try await image.close()
        try await expectSound(disk.contents)
    }

    /// Random writes, snapshots and reopenings against flat arrays.
    @Test(arguments: kinds)
    func `agree with a model`(options: Qcow2CreateOptions) async throws {
        for seed in 0..<2 as Range<UInt64> {
            var chance = SeededGenerator(seed: seed)
            var (image, disk) = try await newImage(options, seed: seed)
            var model = [UInt8](repeating: 0, count: Int(options.size))
            var kept: [(name: String, contents: [UInt8])] = []
            for round in 0..<40 {
                switch Int.random(in: 0..<10, using: &chance) {
                case 0..<5:
                    let start = Int.random(in: 0..<model.count / 512, using: &chance) * 512
                    let count = min(model.count - start, Int.random(in: 1...40, using: &chance) * 512)
                    let bytes = tagged(UInt8(round), count: count)
                    try await image.put(bytes, at: Int64(start))
                    model.replaceSubrange(start..<start + count, with: bytes)
                case 5...6 where kept.count < 3:
                    try await image.createSnapshot(request("s\(round)"))
                    kept.append(("s\(round)", model))
                case 7:
                    guard let index = kept.indices.randomElement(using: &chance) else { continue }
                    try await image.applySnapshot(kept[index].name)
                    model = kept[index].contents
                case 8:
                    guard let index = kept.indices.randomElement(using: &chance) else { continue }
                    try await image.deleteSnapshot(id: nil, name: kept.remove(at: index).name)
                default:
                    try await image.close()
                    #expect(try await check(disk.contents).result?.isClean == true, "seed \(seed), round \(round)")
                    image = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
                }
                let isEqual = try await image.everything() == model
                #expect(isEqual, "seed \(seed), round \(round)")
                if !isEqual { return }
            }
            for (name, contents) in kept {
                try await image.applySnapshot(name)
                let isEqual = try await image.everything() == contents
                #expect(isEqual, "seed \(seed), \(name)")
            }
            try await image.close()
            try await expectSound(disk.contents, "seed \(seed)")
        }
    }

    /// An image with a snapshot, changed since.
    private func prepared(_ options: Qcow2CreateOptions) async throws -> (image: [UInt8], snapshot: [UInt8], active: [UInt8]) {
        let (image, disk) = try await newImage(options)
        try await image.put(tagged(1, count: 30 << 10), at: 0)
        let snapshot = try await image.everything()
        try await image.createSnapshot(request("old"))
        try await image.put(tagged(2, count: 9 << 10), at: 10 << 10)
        let active = try await image.everything()
        try await image.close()
        return (disk.contents, snapshot, active)
    }

    @Test(arguments: [
        Qcow2CreateOptions(size: 64 << 10, clusterSize: 512),
        Qcow2CreateOptions(size: 64 << 10, version: .v2, clusterSize: 1024),
        Qcow2CreateOptions(size: 64 << 10, clusterSize: 16384, extendedL2: true),
    ])
    func `survive a crash at any write`(options: Qcow2CreateOptions) async throws {
        let (image, old, active) = try await prepared(options)
        let isVersion2 = options.version == .v2
        func names(_ image: Qcow2Image) async throws -> [String] { try await image.snapshots().map(\.name) }
        /// Going back to each snapshot on a copy must show what was there when it was taken.
        func judge(_ image: Qcow2Image, _ allowed: [[String]], _ contents: [[UInt8]]) async throws -> String? {
            guard allowed.contains(try await names(image)) else { return "lists \(try await names(image))" }
            guard contents.contains(try await image.everything()) else { return "shows something else" }
            return nil
        }
        let created = try await crashEverywhere(image, needsRepair: isVersion2) { image in
            try await image.createSnapshot(request("new"))
            try await image.close()
        } judge: { image in
            try await judge(image, [["old"], ["old", "new"]], [active])
        }
        let deleted = try await crashEverywhere(image, needsRepair: isVersion2) { image in
            try await image.deleteSnapshot(id: nil, name: "old")
            try await image.close()
        } judge: { image in
            try await judge(image, [["old"], []], [active])
        }
        let applied = try await crashEverywhere(image, needsRepair: isVersion2) { image in
            try await image.applySnapshot("old")
            try await image.close()
        } judge: { image in
            try await judge(image, [["old"]], [old, active])
        }
        #expect(created > 50 && deleted > 50 && applied > 30, "\(created) \(deleted) \(applied)")
    }

    @Test func `in hostile tables are refused with a clear error`() async throws {
        let (image, _, _) = try await prepared(Qcow2CreateOptions(size: 64 << 10, clusterSize: 512))
        let table = Int(try Qcow2Header(image: image).snapshotsOffset)
        var generator = SeededGenerator(seed: 5)
        for round in 0..<300 {
            var broken = image
            let place = round < 100 ? table + round % 70 : Int.random(in: 60..<72, using: &generator)
            broken[place] = UInt8.random(in: 0...255, using: &generator)
            let disk = SimulatedStorage(seed: 1, contents: broken)
            do {
                let opened = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
                for snapshot in try await opened.snapshots() { try await opened.applySnapshot(snapshot.id) }
                for snapshot in try await opened.snapshots() { try await opened.deleteSnapshot(id: snapshot.id, name: snapshot.name) }
            } catch {
                #expect(!error.message.isEmpty && !error.message.contains("\n"))
            }
        }
    }
}
