import IOLoop
public import Storage
import Waiting

/// Names a bitmap of a node.
public struct BitmapName: Sendable, Hashable {
    /// The node-name.
    public var node: String
    /// The bitmap's name there.
    public var name: String
    /// Makes a name.
    public init(node: String, name: String) {
        self.node = node
        self.name = name
    }
}

/// A bitmap as it is to be.
public struct BitmapSpec: Sendable, Equatable {
    /// Where, and its name.
    public var bitmap: BitmapName
    /// Bytes a bit; nil takes the image's cluster size between 4 KiB and 64 KiB, or 64 KiB.
    public var granularity: Int64?
    /// Kept in the image.
    public var isPersistent: Bool
    /// Records from the start.
    public var isRecording: Bool
    /// Makes a spec; the defaults are those of the wire.
    public init(_ bitmap: BitmapName, granularity: Int64? = nil, isPersistent: Bool = false, isRecording: Bool = true) {
        self.bitmap = bitmap
        self.granularity = granularity
        self.isPersistent = isPersistent
        self.isRecording = isRecording
    }
}

/// The dirty bitmaps that clients make: they live with their node on its loop, and are found by its name and theirs.
///
/// Who changes one reserves its node, so that the image is not closed or made read-only half-way. What a persistent bitmap has in memory differs
/// from what is in its image only after those there are claimed: a crash leaves them right or inconsistent.
extension BlockGraph {
    /// Adds a clean bitmap (`block-dirty-bitmap-add`).
    /// - Throws: in QEMU's words.
    public func addBitmap(_ spec: BitmapSpec) async throws(BlockError) {
        let name = spec.bitmap.name
        guard !name.isEmpty else { throw BlockError(.invalidOption, "Bitmap name cannot be empty") }
        guard let node = topology.node(named: spec.bitmap.node) else { throw BlockGraph.noDevice(spec.bitmap.node) }
        if let granularity = spec.granularity {
            guard granularity >= 512, granularity & (granularity - 1) == 0 else {
                throw BlockError(.invalidOption, "Granularity must be power of 2 and at least 512")
            }
        }
        try await withReservation(of: [node.name]) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            guard let node = topology.node(named: spec.bitmap.node) else { throw BlockGraph.noDevice(spec.bitmap.node) }
            let handle = try handle(node.id)
            try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                let node = handle.value
                let granularity: Int64
                if let asked = spec.granularity {
                    granularity = asked
                } else {
                    granularity = min(65536, max(4096, await node.driver.imageDetails().clusterSize ?? 65536))
                }
                if spec.isPersistent { try node.checkCanStore(bitmap: name, granularity: granularity) }
                try node.checkNewBitmap(name, granularity)
                let bitmap = try DirtyBitmap(length: node.length, granularity: granularity, name: name)
                bitmap.isPersistent = spec.isPersistent
                bitmap.isRecording = spec.isRecording
                node.add(bitmap)
            }
        }
    }

    /// Removes a bitmap, from its image too (`block-dirty-bitmap-remove`).
    public func removeBitmap(_ name: BitmapName) async throws(BlockError) {
        try await changeBitmap(name) { (node, bitmap) async throws(BlockError) in
            try bitmap.checkNotBusy()
            try bitmap.checkWritable()
            if bitmap.isPersistent { try await node.driver.removeStoredBitmap(name.name) }
            node.remove(bitmap)
        }
    }

    /// Makes a bitmap clean (`block-dirty-bitmap-clear`).
    public func clearBitmap(_ name: BitmapName) async throws(BlockError) {
        try await changeBitmap(name) { (node, bitmap) async throws(BlockError) in
            try bitmap.checkChangeable()
            guard !bitmap.isClean else { return }
            try await node.claim(bitmap)
            try bitmap.checkChangeable()
            bitmap.clearAll()
        }
    }

    /// Lets a bitmap record, or keeps it from that (`block-dirty-bitmap-enable`, `-disable`). One that can only be read differs in memory alone;
    /// it is claimed when its image can be written again.
    public func setBitmap(_ name: BitmapName, isRecording: Bool) async throws(BlockError) {
        try await changeBitmap(name) { (node, bitmap) async throws(BlockError) in
            try bitmap.checkNotBusy()
            try bitmap.checkConsistent()
            guard bitmap.isRecording != isRecording else { return }
            if !bitmap.isReadOnly { try await node.claim(bitmap) }
            try bitmap.checkNotBusy()
            bitmap.isRecording = isRecording
        }
    }

    /// Adds the dirty regions of bitmaps to a target (`block-dirty-bitmap-merge`); when one cannot be added none is.
    public func mergeBitmaps(_ sources: [BitmapName], into target: BitmapName) async throws(BlockError) {
        try await withReservation(of: [target.node] + sources.map(\.node)) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            try await atBitmap(target) { _, _ in }
            for source in sources { try await checkSource(source, for: target) }
            // Nobody else changes bitmaps of these nodes meanwhile, so that none is refused half-way. One copy at a time.
            for source in sources {
                let content = try await atBitmap(source) { (_, bitmap) async throws(BlockError) in bitmap.isClean ? nil : bitmap.content }
                guard let content else { continue }
                try await atBitmap(target) { (node, bitmap) async throws(BlockError) in
                    try await node.claim(bitmap)
                    try bitmap.checkChangeable()
                    bitmap.merge(try DirtyBitmap(content))
                }
            }
        }
    }

    /// Refuses a source that may not be merged.
    private func checkSource(_ source: BitmapName, for target: BitmapName) async throws(BlockError) {
        let sourceLength = try await atBitmap(source) { (_, bitmap) async throws(BlockError) in bitmap.length }
        let length = try await atBitmap(target) { (_, bitmap) async throws(BlockError) in
            try bitmap.checkChangeable()
            return bitmap.length
        }
        try await atBitmap(source) { (_, bitmap) async throws(BlockError) in
            try bitmap.checkNotBusy()
            try bitmap.checkConsistent()
        }
        guard sourceLength == length else {
            throw BlockError(
                .invalidOption,
                "Bitmaps are of different sizes (destination size is \(length), source size is \(sourceLength)) and can't be merged")
        }
    }

    /// SHA-256 of a bitmap's bits, in hexadecimal digits. The bits are copied in one moment, one bitmap's at a time, and digested where no request waits
    /// for it.
    public func digestOfBitmap(_ name: BitmapName) async throws(BlockError) -> String {
        await digests.lock()
        defer { digests.unlock() }
        let words = try await atBitmap(name) { (_, bitmap) async throws(BlockError) in
            // One that is inconsistent may be of any length.
            guard DirtyBitmap.isPossible(length: bitmap.length, granularity: bitmap.granularity) else {
                throw BlockError(.invalidImage, "Bitmap '\(name.name)' is inconsistent and cannot be used")
            }
            return bitmap.digestedWords
        }
        return await threads[0].run { (io: isolated IOThread) in await io.requests.blocking { SHA256.digest(of: words) } }
    }

    /// What a bitmap is and holds.
    public func content(of name: BitmapName) async throws(BlockError) -> DirtyBitmapContent {
        try await atBitmap(name) { (_, bitmap) async throws(BlockError) in bitmap.content }
    }

    /// Changes a bitmap on its loop, while nobody changes its node.
    private func changeBitmap(
        _ name: BitmapName, _ body: @Sendable (Node, DirtyBitmap) async throws(BlockError) -> Void
    ) async throws(BlockError) {
        try await withReservation(of: [name.node]) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            try await atBitmap(name, body)
        }
    }

    /// Does something with a bitmap on its loop.
    private func atBitmap<Value: Sendable>(
        _ name: BitmapName, _ body: @Sendable (Node, DirtyBitmap) async throws(BlockError) -> Value
    ) async throws(BlockError) -> Value {
        guard let id = topology.node(named: name.node)?.id else { throw BlockError(.invalidOption, "Node '\(name.node)' not found") }
        let handle = try handle(id)
        return try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) -> Value in
            let node = handle.value
            guard let bitmap = node.bitmaps.first(where: { $0.name == name.name }) else {
                throw BlockError(.invalidOption, "Dirty bitmap '\(name.name)' not found")
            }
            return try await body(node, bitmap)
        }
    }

    static func noDevice(_ name: String) -> BlockError {
        BlockError(.invalidOption, "Cannot find device='\(name)' nor node-name='\(name)'")
    }
}

extension Node {
    /// To be called before a bitmap's bits, or whether it records, change otherwise than by a write.
    func claim(_ bitmap: DirtyBitmap) async throws(BlockError) {
        if bitmap.isPersistent { try await driver.claimBitmaps() }
    }

    /// The longest name of a bitmap in bytes.
    private static let longestBitmapName = 1023

    private func checkIsNew(_ name: String) throws(BlockError) {
        guard !bitmaps.contains(where: { $0.name == name }) else { throw BlockError(.invalidOption, "Bitmap already exists: \(name)") }
    }

    fileprivate func checkNewBitmap(_ name: String, _ granularity: Int64) throws(BlockError) {
        try checkIsNew(name)
        guard name.utf8.count <= Node.longestBitmapName else { throw BlockError(.invalidOption, "Bitmap name too long: \(name)") }
        guard DirtyBitmap.isPossible(length: length, granularity: granularity) else {
            throw BlockError(.invalidOption, "The image is too large for a bitmap of this granularity")
        }
    }

    fileprivate func checkCanStore(bitmap name: String, granularity: Int64) throws(BlockError) {
        let others = bitmaps.filter(\.isPersistent).compactMap(\.name)
        do throws(BlockError) {
            try driver.checkCanStore(bitmap: name, granularity: granularity, others: others)
        } catch  where error.kind == .unsupported {
            throw BlockError(.unsupported, "Can't store persistent bitmaps to \(self.name): Operation not supported")
        } catch {
            try checkIsNew(name)
            throw BlockError(error.kind, "Can't make bitmap '\(name)' persistent in '\(self.name)': \(error.message)", hint: error.hint)
        }
    }
}

extension DirtyBitmap {
    /// Whether its bits may change.
    fileprivate func checkChangeable() throws(BlockError) {
        try checkNotBusy()
        try checkWritable()
        try checkConsistent()
    }

    fileprivate func checkNotBusy() throws(BlockError) {
        guard isBusy else { return }
        throw BlockError(.inUse, "Bitmap '\(name ?? "")' is currently in use by another operation and cannot be used")
    }

    fileprivate func checkWritable() throws(BlockError) {
        guard isReadOnly else { return }
        throw BlockError(.readOnly, "Bitmap '\(name ?? "")' is readonly and cannot be modified")
    }

    fileprivate func checkConsistent() throws(BlockError) {
        guard isInconsistent else { return }
        throw BlockError(
            .invalidImage, "Bitmap '\(name ?? "")' is inconsistent and cannot be used",
            hint: "Try block-dirty-bitmap-remove to delete this bitmap from disk")
    }
}
