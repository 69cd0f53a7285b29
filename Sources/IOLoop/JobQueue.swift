/// A queue of jobs in a ring of memory that only grows: no allocation once it is warm.
struct JobQueue {
    private var slots: UnsafeMutablePointer<UnownedJob>
    private var capacity: Int
    private var head = 0
    private(set) var count = 0

    /// - Parameter capacity: a power of two.
    init(capacity: Int = 64) {
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
    }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ job: UnownedJob) {
        if count == capacity { grow() }
        (slots + ((head + count) & (capacity - 1))).initialize(to: job)
        count += 1
    }

    mutating func removeFirst() -> UnownedJob? {
        guard count > 0 else { return nil }
        let job = (slots + head).move()
        head = (head + 1) & (capacity - 1)
        count -= 1
        return job
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<UnownedJob>.allocate(capacity: capacity * 2)
        for index in 0..<count {
            (larger + index).initialize(to: (slots + ((head + index) & (capacity - 1))).move())
        }
        slots.deallocate()
        slots = larger
        capacity *= 2
        head = 0
    }

    /// Frees the memory; jobs in it are forgotten.
    func deallocate() { slots.deallocate() }
}
