import ImageFormats
import Storage

/// What changes snapshots and bitmaps.
extension Exercise {
    func changeSnapshots(_ step: Step, _ image: OpenImage) async {
        let qcow2 = image.qcow2
        let listed = (try? await qcow2.snapshots()) ?? []
        let ids = Set(listed.map(\.id))
        if ids.count < listed.count { snapshots = [:] }
        switch step.kind {
        case .createSnapshot:
            let size = UInt64(step.extent & 3) * 700
            let request = Qcow2SnapshotRequest(name: "s\(step.place & 3)", dateSeconds: 1, vmStateSize: size)
            let taken = try? await qcow2.createSnapshot(request)
            note(taken != nil)
            if let taken, !ids.contains(taken.id) { snapshots[taken.id] = model }
        case .deleteSnapshot where !listed.isEmpty:
            let snapshot = listed[Int(step.place) % listed.count]
            note((try? await qcow2.deleteSnapshot(id: snapshot.id, name: snapshot.name)) != nil)
            snapshots[snapshot.id] = nil
        case .applySnapshot where !listed.isEmpty:
            let snapshot = listed[Int(step.place) % listed.count]
            let isDone = await succeeds { () async throws(BlockError) in try await qcow2.applySnapshot(snapshot.id) }
            note(isDone)
            guard isDone else { break }
            model = await image.contents()
            if ids.count == listed.count, isSound, let known = snapshots[snapshot.id] {
                precondition(model == known, "a snapshot does not show what was there when it was taken")
            }
            if ids.count == listed.count { snapshots[snapshot.id] = model }
            await withMemory(700, filler: 0) { buffer in _ = try? await qcow2.readVMState(at: 0, into: buffer) }
        case .writeVMState:
            let isDone = await withMemory(1 + step.extent * 100, filler: step.place) { buffer in
                await succeeds { () async throws(BlockError) in try await qcow2.writeVMState(at: 0, from: UnsafeRawBufferPointer(buffer)) }
            }
            note(isDone)
        default: break
        }
        await expectModel(image, "a change of snapshots has changed the disk")
    }

    func changeBitmaps(_ step: Step, _ image: OpenImage) async {
        let qcow2 = image.qcow2
        let name = "b\(step.place & 3)"
        let known = (try? await qcow2.bitmaps()) ?? []
        if step.kind == .removeBitmap {
            // One of those that are there, if any.
            let name = known.isEmpty ? name : known[Int(step.place) % known.count].name
            note(await succeeds { () async throws(BlockError) in try await qcow2.removeBitmap(name) })
        } else {
            await store(name, granularity: 512 << Int64(step.extent), step.place, qcow2)
            let stored = (try? await qcow2.bitmaps())?.first { $0.name == name && !$0.isInconsistent }
            if step.place & 4 != 0 { note(await succeeds { () async throws(BlockError) in try await qcow2.claimBitmaps() }) }
            if let stored { await image.readBits(stored) }
        }
    }

    /// Stores a bitmap and compares its bits, unless the disk is so long that this takes time.
    private func store(_ name: String, granularity: Int64, _ filler: UInt8, _ qcow2: Qcow2Image) async {
        guard qcow2.length / granularity <= 1 << 20 else { return }
        func bytes(_ range: Range<Int64>) -> Int { Int((range.upperBound - range.lowerBound) / granularity / 8) }
        let source = Qcow2BitmapSource(name: name, granularity: granularity, isAuto: filler & 8 != 0) { range, buffer in
            _ = buffer.prefix(bytes(range)).initializeMemory(as: UInt8.self, repeating: filler)
            return filler != 0 && bytes(range) > 0
        }
        let isDone = await succeeds { () async throws(BlockError) in try await qcow2.storeBitmaps([source]) }
        note(isDone)
        guard isDone, isSound else { return }
        let read: Void? = try? await qcow2.readBitmap(name) { (range, bits) throws(BlockError) in
            let isRight =
                switch bits {
                case .zeroes: filler == 0 || bytes(range) == 0
                case .ones: filler == 0xFF || bytes(range) == 0
                case .bytes(let found): found.prefix(bytes(range)).allSatisfy { $0 == filler }
                }
            precondition(isRight, "bits that are not those that were stored")
        }
        precondition(read != nil, "a bitmap that was stored cannot be read")
    }
}
