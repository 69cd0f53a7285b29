internal import BlockGraph
internal import Storage

/// Sees the writes of a mirror's source. Without a mirror behind it, before the job has begun and after it has ended, all passes.
final class MirrorFilter: FilterDriver {
    /// What to tell; set and cleared on the loop.
    var mirror: MirrorCopy?

    override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        mirror == nil ? Passage(child.node, at: offset) : nil
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        guard let mirror else { return try await super.write(at: offset, from: buffer, flags: flags) }
        guard mirror.takesWrites else {
            mirror.changeBegins()
            defer { mirror.changed(at: offset, count: Int64(buffer.count)) }
            return try await super.write(at: offset, from: buffer, flags: flags)
        }
        // Both sides get the same bytes even if the guest changes its buffer meanwhile.
        let copy = mirror.bounce(buffer)
        let bytes = UnsafeRawBufferPointer(rebasing: copy.bytes[..<buffer.count])
        try await mirror.write(at: offset, count: Int64(buffer.count)) { () async throws(BlockError) in
            try await child.node.write(at: offset, from: bytes, flags: flags)
        } onTarget: { (target) async throws(BlockError) in
            defer { withExtendedLifetime(copy) {} }
            try await target.write(at: offset, from: bytes, flags: flags)
        }
    }

    override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        guard let mirror else { return try await super.writeZeroes(at: offset, count: count, flags: flags) }
        guard mirror.takesWrites else {
            mirror.changeBegins()
            defer { mirror.changed(at: offset, count: count) }
            return try await super.writeZeroes(at: offset, count: count, flags: flags)
        }
        try await mirror.write(at: offset, count: count) { () async throws(BlockError) in
            try await child.node.writeZeroes(at: offset, count: count, flags: flags)
        } onTarget: { (target) async throws(BlockError) in
            try await target.writeZeroes(at: offset, count: count, flags: flags.subtracting(.noFallback))
        }
    }

    /// What a discarded range reads as is the source's own affair, so it is copied in the background in any mode.
    override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        let mirror = self.mirror
        mirror?.changeBegins()
        defer { mirror?.changed(at: offset, count: count) }
        try await super.discard(at: offset, count: count)
    }

    override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        let mirror = self.mirror
        mirror?.changeBegins()
        defer { mirror?.changed(at: offset, count: Int64(count)) }
        try await child.node.copy(fromStorage: source, at: sourceOffset, to: offset, count: count)
    }

    /// A mirror's source keeps its length.
    override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        guard mirror == nil else { throw BlockError(.inUse, "The length cannot change while a mirror runs") }
        try await super.truncate(to: length, preallocation: preallocation)
    }
}
