internal import BlockGraph
internal import Jobs
internal import Storage

/// What the topmost image of a chain holds itself, rather than shows of its backing file: what `sync=top` copies.
///
/// Loop-bound.
struct TopImage {
    private let ends: CopyEnds
    /// The most bytes that one question is about, so that pauses and guests don't wait long.
    private static let longestStep: Int64 = 1 << 30

    init(of ends: CopyEnds) { self.ends = ends }

    /// Whether there is anything below it.
    func hasBackingFile() async throws(JobFailure) -> Bool {
        do throws(BlockError) {
            let bracket = try await ends.begin()
            defer { bracket.end() }
            return bracket.source.hasBackingFile
        } catch {
            throw JobFailure(error)
        }
    }

    /// Tells run by run, in order, whether the image holds it. What guests write behind the walk's back is their copier's business.
    func walk(_ context: JobContext, _ tell: (Range<Int64>, _ isHeld: Bool) -> Void) async throws(JobFailure) {
        let length = ends.length
        var offset: Int64 = 0
        while offset < length {
            try await context.checkpoint()
            do throws(BlockError) {
                let bracket = try await ends.begin()
                defer { bracket.end() }
                let (isHeld, count) = try await bracket.source.driver.allocation(
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
