internal import BlockGraph
internal import Storage

/// Zeroes that a node keeps by itself, apart from what shines through from images below, which others may change.
extension Node {
    /// The image at the top of the node's filters.
    private var topImage: Node {
        var node = self
        while let filter = node.driver as? FilterDriver { node = filter.child.node }
        return node
    }

    /// Whether the top image itself has a backing file.
    var hasBackingFile: Bool { topImage.driver.children.contains { $0.name == "backing" } }

    /// Whether anything below has a backing file, so that some of what is read here may be kept elsewhere.
    var showsBackingFile: Bool {
        var pending = [topImage]
        while let node = pending.popLast() {
            for child in node.driver.children {
                if child.name == "backing" { return true }
                pending.append(child.node)
            }
        }
        return false
    }

    /// Whether `offset` reads as zeroes by the node's own account, and for how many bytes, at most `limit`, the answer holds.
    func keepsZeroes(at offset: Int64, limit: Int64) async throws(BlockError) -> (Bool, length: Int64) {
        guard showsBackingFile else {
            let extent = try await extent(at: offset, limit: limit)
            return (extent.content != .data, extent.length)
        }
        // An image that stands deeper does not tell which layer an extent is from.
        guard hasBackingFile else { return (false, limit) }
        let (isAllocated, count) = try await driver.allocation(at: offset, limit: limit)
        let length = max(1, min(limit, count))
        guard isAllocated else { return (false, length) }
        let extent = try await extent(at: offset, limit: length)
        return (extent.content != .data, min(length, extent.length))
    }
}
