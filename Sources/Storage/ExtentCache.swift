/// The last answer about holes and data, so that a scan of a large run asks the host once.
///
/// What was looked up before a change must not be remembered after it: a lookup remembers with the generation that it started in.
struct ExtentCache {
    private(set) var generation: UInt64 = 0
    private var start: Int64 = 0
    private var end: Int64 = 0
    private var content = StorageExtent.Content.data

    /// The remembered extent from `offset` on.
    func extent(at offset: Int64) -> StorageExtent? {
        guard offset >= start, offset < end else { return nil }
        return StorageExtent(content, length: end - offset)
    }

    /// Remembers an answer of a lookup that began in `generation`.
    mutating func remember(_ extent: StorageExtent, at offset: Int64, from generation: UInt64) {
        guard generation == self.generation else { return }
        start = offset
        end = offset + extent.length
        content = extent.content
    }

    mutating func invalidate() {
        generation &+= 1
        start = 0
        end = 0
    }
}
