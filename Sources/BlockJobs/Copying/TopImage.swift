internal import BlockGraph
internal import Jobs
internal import Storage

/// What the topmost image of a chain holds itself, rather than shows of its backing file: what `sync=top` copies.
///
/// Loop-bound.
struct TopImage {
    private let source: NodeEdge
    /// Where drains stop the walk.
    private let gate: NodeAccess
    /// The most bytes that one question is about, so that pauses and guests don't wait long.
    private static let longestStep: Int64 = 1 << 30

    init(_ source: NodeEdge, gate: NodeAccess) {
        self.source = source
        self.gate = gate
    }

    /// Whether there is anything below it.
    var hasBackingFile: Bool {
        var node = source.node
        while let filter = node.driver as? FilterDriver { node = filter.child.node }
        return node.driver.children.contains { $0.name == "backing" }
    }

    /// Tells run by run, in order, whether the image holds it. What guests write behind the walk's back is their copier's business.
    func walk(_ context: JobContext, _ tell: (Range<Int64>, _ isHeld: Bool) -> Void) async throws(JobFailure) {
        let length = source.node.length
        var offset: Int64 = 0
        while offset < length {
            try await context.checkpoint()
            do throws(BlockError) {
                try await gate.begin()
                defer { gate.end() }
                let (isHeld, count) = try await source.node.driver.allocation(
                    at: offset, limit: min(length - offset, Self.longestStep))
                let end = min(length, offset + max(1, count))
                tell(offset..<end, isHeld)
                offset = end
            } catch {
                throw JobFailure(error)
            }
            // Answers from memory would keep the loop to themselves.
            await Task.yield()
        }
    }
}
