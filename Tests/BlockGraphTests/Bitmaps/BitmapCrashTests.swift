import BlockGraph
import IOLoop
import ImageFormats
import Storage
import TestSupport
import Testing

/// The machine dies at every change of the file while bitmaps are changed through the graph. What comes back is inconsistent, or is what
/// the bitmap was before or after the step that did not end.
@Suite struct `persistent bitmaps of a machine that dies` {
    /// What a bitmap is: its dirty regions and whether it records.
    private struct Bitmap: Hashable {
        let regions: Set<Int64>
        let records: Bool
        init(_ regions: Set<Int64>, records: Bool = true) {
            self.regions = regions
            self.records = records
        }
    }

    private struct Step {
        let name: String
        let work: @Sendable (BlockGraph) async throws -> Void
        /// What each bitmap may be in the image once the step has ended.
        let after: [String: [Bitmap]]
    }

    private static let image = NodeSpec(nodeName: "disk", driver: .qcow2(Qcow2Spec(file: .named("file"))))
    private static var readOnlyImage: NodeSpec {
        var spec = image
        spec.readOnly = true
        return spec
    }

    private static let start = ["a": [Bitmap([1])], "b": [Bitmap([], records: false)]]

    private static let steps: [Step] = [
        Step(
            name: "disable", work: { try await $0.setBitmap(BitmapName("a"), isRecording: false) },
            after: ["a": [Bitmap([1], records: false)], "b": start["b"]!]),
        Step(
            name: "merge", work: { try await $0.mergeBitmaps([BitmapName("a")], into: BitmapName("b")) },
            after: ["a": [Bitmap([1], records: false)], "b": [Bitmap([1], records: false)]]),
        Step(
            name: "read-only", work: { try await $0.reopen([readOnlyImage]) },
            after: ["a": [Bitmap([1], records: false)], "b": [Bitmap([1], records: false)]]),
        // While nothing can be written this is in memory alone.
        Step(
            name: "enable", work: { try await $0.setBitmap(BitmapName("a"), isRecording: true) },
            after: ["a": [Bitmap([1], records: false), Bitmap([1])], "b": [Bitmap([1], records: false)]]),
        Step(
            name: "writable", work: { try await $0.reopen([image]) }, after: ["a": [Bitmap([1])], "b": [Bitmap([1], records: false)]]),
        Step(
            name: "clear", work: { try await $0.clearBitmap(BitmapName("b")) },
            after: ["a": [Bitmap([1])], "b": [Bitmap([], records: false)]]),
        Step(
            name: "write",
            work: {
                let guest = try await $0.attach(NodeUserSpec(permissions: Permissions(held: [.consistentRead, .write])), to: "disk")
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await guest.write(9, at: 3 * 65536)) } catch { outcome = .failure(error) }
                await $0.detach(guest)
                try outcome.get()
            }, after: ["a": [Bitmap([1, 3])], "b": [Bitmap([], records: false)]]),
        Step(name: "remove", work: { try await $0.removeBitmap(BitmapName("b")) }, after: ["a": [Bitmap([1, 3])], "b": []]),
        Step(
            name: "add", work: { try await $0.addBitmap(BitmapSpec(BitmapName("c"), granularity: 65536, isPersistent: true)) },
            after: ["a": [Bitmap([1, 3])], "c": [Bitmap([])]]),
        Step(name: "close", work: { try await $0.close("disk") }, after: ["a": [Bitmap([1, 3])], "c": [Bitmap([])]]),
    ]

    @Test(.timeLimit(.minutes(Sanitized.isOn ? 60 : 5))) func `are right or inconsistent`() async throws {
        let base = try await baseImage()
        let thread = try IOThread(name: "crash")
        var judged = 0
        var changes = 0
        while true {
            let death = try await die(after: changes, base, on: thread)
            for survivor in death.survivors {
                if let complaint = try await complaint(about: survivor.contents, death.step) {
                    Issue.record("\(complaint): change \(changes), in step \(death.step), \(survivor.loss)")
                    await thread.stop()
                    return
                }
                judged += 1
            }
            if death.step == Self.steps.count { break }
            changes += Sanitized.isOn ? 11 : 1
        }
        #expect(judged > 500 || Sanitized.isOn, "\(judged) of \(changes)")
        await thread.stop()
    }

    private struct Death: Sendable {
        /// The step that did not end; the number of steps if all did.
        let step: Int
        let survivors: [(contents: [UInt8], loss: String)]
    }

    private func die(after changes: Int, _ base: [UInt8], on thread: IOThread) async throws -> Death {
        let holder = await thread.run { (io: isolated IOThread) in
            LoopBound(SimulatedStorage(seed: UInt64(changes), contents: base), on: io)
        }
        let graph = BlockGraph(executor: TestQueue(), threads: [thread]) { _, _, _ throws(BlockError) in holder.value }
        try await graph.open(GraphBench.file("file"))
        try await graph.open(Self.image)
        await thread.run { (io: isolated IOThread) in holder.value.changesUntilDeath = changes }
        var ended = 0
        for step in Self.steps {
            do { try await step.work(graph) } catch { break }
            // A close does not tell that the disk has failed, nor does a write to it.
            if await thread.run({ (io: isolated IOThread) in holder.value.changesUntilDeath == 0 }) { break }
            ended += 1
        }
        let survivors = await thread.run { (io: isolated IOThread) in
            holder.value.losses(subsets: 16).map { (holder.value.survivor($0).contents, "\($0)") }
        }
        await graph.closeAll()
        return Death(step: ended, survivors: survivors)
    }

    private func complaint(about contents: [UInt8], _ step: Int) async throws -> String? {
        let image = try await Qcow2Image.open(
            file: SimulatedStorage(seed: 0, contents: contents), options: Qcow2OpenOptions(purpose: .reading), offload: AtOnce())
        let before = step == 0 ? Self.start : Self.steps[step - 1].after
        let after = step < Self.steps.count ? Self.steps[step].after : before
        for bitmap in try await image.bitmaps() where !bitmap.isInconsistent {
            let bits = try DirtyBitmap(length: image.length, granularity: bitmap.granularity)
            try await image.readBitmap(bitmap.name) { (range, part) in bits.add(part, for: range) }
            var regions: Set<Int64> = []
            var cursor: Int64 = 0
            while let run = bits.nextDirty(from: cursor) {
                for region in run.lowerBound / 65536..<run.upperBound / 65536 { regions.insert(region) }
                cursor = run.upperBound
            }
            let found = Bitmap(regions, records: bitmap.isAuto)
            if !(before[bitmap.name, default: []] + after[bitmap.name, default: []]).contains(found) {
                return "\(bitmap.name) has \(regions) and \(bitmap.isAuto ? "records" : "does not record")"
            }
            // What is written shows in a bitmap that records and is believed.
            let isWritten = try await image.firstByte(at: 3 * 65536) == 9
            if bitmap.name == "a" && isWritten && !regions.contains(3) { return "a misses a write" }
        }
        return nil
    }

    /// An image of 1 MiB with the bitmaps of `start`, closed.
    private func baseImage() async throws -> [UInt8] {
        let bench = try GraphBench()
        try await bench.add("file")
        var image = NewQcow2Image(file: .named("file"), size: 1 << 20)
        image.clusterSize = 4096
        try await bench.graph.create(image)
        try await bench.graph.open(Self.image)
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("a"), granularity: 65536, isPersistent: true))
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("b"), granularity: 65536, isPersistent: true, isRecording: false))
        let guest = try await bench.guest("disk")
        try await guest.write(8, at: 65536)
        await bench.graph.detach(guest)
        try await bench.graph.close("disk")
        let disk = try bench.disk("file")
        let bytes = await disk.thread.run { io in disk.value.bytes }
        await bench.stop()
        return bytes
    }
}

/// Does offloaded work where it is.
private struct AtOnce: Offload {
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value { work() }
}

extension Qcow2Image {
    fileprivate func firstByte(at offset: Int64) async throws -> UInt8 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 4096)
        defer { buffer.deallocate() }
        try await read(at: GuestOffset(offset), into: buffer)
        return buffer[0]
    }
}
