/// One sleeping task. Unchecked: only the loop's thread touches its members.
final class LoopTimer: @unchecked Sendable {
    let deadline: ContinuousClock.Instant
    /// Where it is in the heap; -1 when it isn't.
    var index = -1
    var isCancelled = false
    /// Resumed with whether the deadline came.
    var continuation: UnsafeContinuation<Bool, Never>?

    init(deadline: ContinuousClock.Instant) { self.deadline = deadline }
}

/// A binary heap of timers, the earliest first, each knowing its place so that cancelling is O(log n).
struct TimerHeap {
    private var timers: [LoopTimer] = []

    var first: LoopTimer? { timers.first }
    var isEmpty: Bool { timers.isEmpty }

    mutating func insert(_ timer: LoopTimer) {
        timer.index = timers.count
        timers.append(timer)
        siftUp(timer.index)
    }

    mutating func remove(_ timer: LoopTimer) {
        let index = timer.index
        guard index >= 0 else { return }
        timer.index = -1
        let last = timers.removeLast()
        guard last !== timer else { return }
        timers[index] = last
        last.index = index
        siftUp(index)
        siftDown(last.index)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard timers[index].deadline < timers[parent].deadline else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < timers.count {
                if timers[child].deadline < timers[least].deadline { least = child }
            }
            guard least != index else { return }
            exchange(index, least)
            index = least
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        timers.swapAt(a, b)
        timers[a].index = a
        timers[b].index = b
    }
}
