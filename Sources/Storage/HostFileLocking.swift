internal import IOLoop

/// A change of locks between its two steps.
struct PendingLocks {
    let wanted: ImageLocks
    /// Open with the access that the change needs; nil when the present descriptor will do.
    let replacement: OpenFile?
    /// What the replacement's requests must look like, where that may have changed.
    var alignment: DirectAlignment?
}

/// What a change of locks opened. Made on the pool.
private struct Replacement: Sendable {
    var file: OpenFile?
    var alignment: DirectAlignment?
}

extension HostFileStorage {
    private var isLocking: Bool { options.locking != .off && HostCall.hasByteLocks }

    /// Takes what is new on the present descriptor and asks whether others allow it, while everything old stays locked. A descriptor
    /// with other access (`.automatic`) is opened first and gets its own locks last: shared locks of two descriptors don't conflict, so at
    /// no moment is the image unprotected.
    func takeNewLocks(held: LockSet, shared: LockSet) async throws(BlockError) {
        precondition(pendingLocks == nil, "one change of locks at a time")
        let wanted = ImageLocks(held: held, shared: shared)
        let current = locks
        let file = try file()
        let target = wantedOptions ?? options
        let needsWriting =
            switch target.access {
            case .readOnly: false
            case .readWrite: true
            case .automatic: !held.isDisjoint(with: .writing)
            }
        let path = path
        let isLocking = isLocking
        let isDevice = isDevice
        let roots = options.roots
        let direct = target.direct
        let reopens = needsWriting != file.isWritable || direct != file.isDirect
        guard reopens || isLocking else {
            pendingLocks = PendingLocks(wanted: current, replacement: nil)
            return
        }
        let result: Result<Replacement, BlockError> = await requests.blocking {
            do throws(BlockError) {
                var replacement = Replacement()
                if reopens {
                    let opened = try OpenFile.open(path, within: roots, writable: needsWriting, direct: direct, isDevice: isDevice)
                    replacement.file = opened
                    if direct != file.isDirect {
                        replacement.alignment =
                            direct ? try DirectAlignment.probe(opened.descriptor) : DirectAlignment(request: 1, memory: 1)
                    }
                }
                if isLocking { try Self.takeLocks(wanted, over: current, on: file, replacement: replacement.file, path: path) }
                return .success(replacement)
            } catch {
                return .failure(error)
            }
        }
        let replacement = try result.get()
        pendingLocks = PendingLocks(
            wanted: isLocking ? wanted : current, replacement: replacement.file, alignment: replacement.alignment)
    }

    /// On an error nothing more is locked than before.
    private static func takeLocks(
        _ wanted: ImageLocks, over current: ImageLocks, on file: OpenFile, replacement: OpenFile?, path: String
    ) throws(BlockError) {
        do throws(BlockError) {
            if !current.contains(wanted) {
                try ImageLocks.acquire(wanted, over: current, on: file.descriptor)
                try ImageLocks.check(wanted, on: file.descriptor, path: path)
            }
            if let replacement { try ImageLocks.acquire(wanted, over: ImageLocks(), on: replacement.descriptor) }
        } catch {
            ImageLocks.release(downTo: current, from: current.union(wanted), on: file.descriptor)
            if let replacement { ImageLocks.release(downTo: ImageLocks(), from: wanted, on: replacement.descriptor) }
            throw error
        }
    }

    func dropOldLocks() async {
        guard let pending = pendingLocks else { return }
        pendingLocks = nil
        guard let old = current else { return }
        let before = locks
        let wanted = pending.wanted
        locks = wanted
        // Holes were known under the old locks. Between these and the next ones another process may write there.
        if before != wanted || pending.replacement != nil { contentChanged() }
        if let options = wantedOptions.take() { self.options = options }
        if let alignment = pending.alignment {
            limits = StorageLimits(requestAlignment: alignment.request, memoryAlignment: max(alignment.memory, 1))
        }
        if let replacement = pending.replacement {
            current = replacement
            // The old descriptor may live on in a request; its locks must not.
            await requests.blocking { ImageLocks.release(downTo: ImageLocks(), from: before.union(wanted), on: old.descriptor) }
        } else if before != pending.wanted {
            await requests.blocking {
                ImageLocks.release(downTo: wanted, from: before.union(wanted), on: old.descriptor)
            }
        }
    }

    func dropNewLocks() async {
        wantedOptions = nil
        guard let pending = pendingLocks else { return }
        pendingLocks = nil
        guard let file = current else { return }
        let before = locks
        let wanted = pending.wanted
        let replacement = pending.replacement
        await requests.blocking { () -> Void in
            ImageLocks.release(downTo: before, from: before.union(wanted), on: file.descriptor)
            if let replacement { ImageLocks.release(downTo: ImageLocks(), from: wanted, on: replacement.descriptor) }
        }
    }
}
