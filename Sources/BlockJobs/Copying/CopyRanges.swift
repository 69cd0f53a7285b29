internal import Waiting

/// The ranges that are being copied, or written on both sides, at this moment: requests that overlap exclude each other.
///
/// Loop-bound. Unlike the graph's `RangeLock` it can be opened: when a job ends before its time, everybody who waits for one of its copies
/// goes on at once, though a disk may never complete that copy. The number of holders is that of a job's workers and of the guest's
/// requests in flight, so a plain array is searched.
final class CopyRanges {
    private struct Waiter {
        let range: Range<Int64>
        /// Whether the range is wanted, or only its being free.
        let takes: Bool
        let continuation: UnsafeContinuation<Bool, Never>
    }

    private var held: [Range<Int64>] = []
    private var waiters: [Waiter] = []
    private let settling = Waiters()
    /// Whether exclusion has ended for good.
    private(set) var isOpen = false

    /// Whether nothing is held.
    var isIdle: Bool { held.isEmpty }

    /// The range of a holder that overlaps `range`, for those who look for something else to do rather than wait.
    func holder(overlapping range: Range<Int64>) -> Range<Int64>? {
        held.first { $0.overlaps(range) }
    }

    /// Takes `range` if nobody holds any of it or waits to take it.
    func tryTake(_ range: Range<Int64>) -> Bool {
        guard !isOpen, holder(overlapping: range) == nil else { return false }
        guard !waiters.contains(where: { $0.takes && $0.range.overlaps(range) }) else { return false }
        held.append(range)
        return true
    }

    /// Waits until `range` is free and takes it; among those that overlap in order of arrival, so that small requests don't starve a long one.
    /// - Returns: whether it was taken; false once exclusion has ended.
    func take(_ range: Range<Int64>) async -> Bool {
        if isOpen { return false }
        if tryTake(range) { return true }
        return await withUnsafeContinuation { continuation in
            if isOpen {
                continuation.resume(returning: false)
            } else if tryTake(range) {
                continuation.resume(returning: true)
            } else {
                waiters.append(Waiter(range: range, takes: true, continuation: continuation))
            }
        }
    }

    /// Waits until nobody holds any of `range`; returns at once when exclusion has ended.
    func waitUntilFree(_ range: Range<Int64>) async {
        guard !isOpen, holder(overlapping: range) != nil else { return }
        _ = await withUnsafeContinuation { continuation in
            if isOpen || holder(overlapping: range) == nil {
                continuation.resume(returning: true)
            } else {
                waiters.append(Waiter(range: range, takes: false, continuation: continuation))
            }
        }
    }

    /// Lets a holding reach to `end` as well. Nobody holds what is added, nor waits for it.
    func extend(_ range: Range<Int64>, to end: Int64) -> Range<Int64> {
        guard let index = held.firstIndex(of: range) else { preconditionFailure("extending a range that nobody holds") }
        held[index] = range.lowerBound..<end
        return held[index]
    }

    /// Whether `range` can be added to a holding.
    func isFree(_ range: Range<Int64>) -> Bool {
        holder(overlapping: range) == nil && !waiters.contains { $0.takes && $0.range.overlaps(range) }
    }

    /// Gives `range` back, exactly as it was taken.
    func giveBack(_ range: Range<Int64>) {
        guard let index = held.firstIndex(of: range) else { preconditionFailure("giving back a range that nobody holds") }
        held.swapAt(index, held.count - 1)
        held.removeLast()
        if !waiters.isEmpty { admit() }
        if held.isEmpty { settling.wakeAll() }
    }

    /// Ends exclusion for good: who waits goes on, nobody waits again. What is held stays held until its request has ended.
    func open() {
        isOpen = true
        let released = waiters
        waiters = []
        for waiter in released { waiter.continuation.resume(returning: false) }
    }

    /// Returns when nothing is held any more.
    func settled() async {
        await settling.wait { held.isEmpty }
    }

    private func admit() {
        var kept: [Waiter] = []
        var admitted: [Waiter] = []
        for waiter in waiters {
            let blocked =
                holder(overlapping: waiter.range) != nil
                || waiter.takes && kept.contains { $0.takes && $0.range.overlaps(waiter.range) }
            if blocked {
                kept.append(waiter)
            } else {
                if waiter.takes { held.append(waiter.range) }
                admitted.append(waiter)
            }
        }
        waiters = kept
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
