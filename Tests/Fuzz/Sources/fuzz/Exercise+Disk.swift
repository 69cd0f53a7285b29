import ImageFormats
import Storage

/// What changes the disk.
extension Exercise {
    func perform(_ step: Step, _ image: OpenImage) async {
        let qcow2 = image.qcow2
        let limit = image.visible
        switch step.kind {
        case .flush: note(await succeeds { () async throws(BlockError) in try await qcow2.flush() })
        case .grow, .shrink: await resize(step, image)
        case .createSnapshot, .deleteSnapshot, .applySnapshot, .writeVMState: await changeSnapshots(step, image)
        case .storeBitmap, .removeBitmap: await changeBitmaps(step, image)
        case .write where limit > 0: await write(step.range(limit: limit), step.place, image)
        case .writeThrough where limit > 0: await write(step.range(limit: limit), step.place, image, flags: .forceUnitAccess)
        case .writeCompressed where limit > 0:
            await write(step.range(limit: limit, unit: qcow2.geometry.clusterSize), step.place, image, isCompressed: true)
        case .writeZeroes where limit > 0:
            // The largest is the whole disk: nothing but what is made of it limits that.
            let range = step.extent == 15 ? 0..<Int(qcow2.length) : step.range(limit: limit)
            let isDone = await succeeds { () async throws(BlockError) in
                try await qcow2.writeZeroes(
                    at: GuestOffset(Int64(range.lowerBound)), count: Int64(range.count), flags: step.place & 1 == 0 ? .mayUnmap : [])
            }
            await settle(isDone, range, 0, image)
        case .discard where limit > 0:
            let range = step.extent == 15 ? 0..<Int(qcow2.length) : step.range(limit: limit)
            let isDone = await succeeds { () async throws(BlockError) in
                try await qcow2.discard(at: GuestOffset(Int64(range.lowerBound)), count: Int64(range.count))
            }
            let size = qcow2.geometry.clusterSize
            let first = (range.lowerBound + size - 1) / size * size
            let last = range.upperBound == Int(qcow2.length) ? range.upperBound : range.upperBound / size * size
            await settle(isDone, first..<max(first, last), 0, image)
        default: break
        }
    }

    func succeeds(_ work: () async throws(BlockError) -> Void) async -> Bool {
        do throws(BlockError) {
            try await work()
            return true
        } catch {
            return false
        }
    }

    func note(_ isDone: Bool) {
        if !isDone { mayLeak = true }
    }

    private func write(_ range: Range<Int>, _ filler: UInt8, _ image: OpenImage, flags: WriteFlags = [], isCompressed: Bool = false) async {
        guard range.count <= 2 * OpenImage.window else { return }
        let place = GuestOffset(Int64(range.lowerBound))
        let isDone = await withMemory(range.count, filler: filler) { buffer in
            await succeeds { () async throws(BlockError) in
                if isCompressed {
                    try await image.qcow2.writeCompressed(at: place, from: UnsafeRawBufferPointer(buffer))
                } else {
                    try await image.qcow2.write(at: place, from: UnsafeRawBufferPointer(buffer), flags: flags)
                }
            }
        }
        await settle(isDone, range, filler, image)
    }

    /// Brings the model up to date: what failed may be there in part, but only where it was to be.
    private func settle(_ isDone: Bool, _ range: Range<Int>, _ filler: UInt8, _ image: OpenImage) async {
        note(isDone)
        guard var model else { return }
        let visible = range.clamped(to: 0..<model.count)
        if isDone {
            model.replaceSubrange(visible, with: repeatElement(filler, count: visible.count))
            self.model = model
        } else {
            let found = await image.contents()
            if isSound, !image.qcow2.isCorrupt, let found {
                let isKept = found.count == model.count && found[..<visible.lowerBound] == model[..<visible.lowerBound]
                precondition(isKept && found[visible.upperBound...] == model[visible.upperBound...], "a failure has changed other bytes")
            }
            self.model = found
        }
    }

    private func resize(_ step: Step, _ image: OpenImage) async {
        let qcow2 = image.qcow2
        let change = Int64(step.place) * 512 << Int64(step.extent & 7)
        let target = step.kind == .grow ? qcow2.length + change : change % (qcow2.length + 1) & ~511
        guard target >= 0 else { return }
        let mode: Preallocation = step.kind == .grow && step.extent & 8 != 0 ? .metadata : .off
        note(await succeeds { () async throws(BlockError) in try await qcow2.truncate(to: target, preallocation: mode) })
        guard let model else { return }
        // Also when it failed: the length is then the old one or the new one.
        let kept = model.prefix(image.visible)
        self.model = kept + [UInt8](repeating: 0, count: image.visible - kept.count)
    }
}
