/// Where requests go, shared by the workers of one loop.
final class Offsets {
    private let step: Int64
    private let length: Int64
    private var left: Int
    private var next: Int64

    init(_ workload: Workload, length: Int64) {
        left = 0
        next = Int64(workload.offset)
        step = Int64(workload.step)
        self.length = length
    }

    /// Lets `count` more requests be made.
    func extend(by count: Int) { left += count }

    /// The next request's place; nil when there are to be no more.
    func take() -> Int64? {
        guard left > 0 else { return nil }
        left -= 1
        defer { next = (next + step) % length }
        return next
    }
}
