/// The jobs that clients see, in the order in which they came. Finding, adding and removing one cost the same however many there are: gaps
/// are closed now and then.
struct JobList {
    private var slots: [Job?] = []
    /// Where a job is, by its serial number.
    private var places: [Int: Int] = [:]
    private var ids: [String: Job] = [:]

    /// How many there are.
    var count: Int { places.count }

    /// The job with this id.
    func job(_ id: String) -> Job? { ids[id] }

    /// Whether this very job is listed.
    func contains(_ job: Job) -> Bool { places[job.handle.serial] != nil }

    /// A new list of all, the newest first.
    var newestFirst: [Job] { slots.reversed().compactMap { $0 } }

    /// Adds a job whose id nobody has.
    mutating func append(_ job: Job) {
        places[job.handle.serial] = slots.count
        ids[job.handle.id] = job
        slots.append(job)
    }

    /// Removes a job; nothing when it is not listed.
    mutating func remove(_ job: Job) {
        guard let place = places.removeValue(forKey: job.handle.serial) else { return }
        slots[place] = nil
        ids[job.handle.id] = nil
        if slots.count > 2 * places.count + 32 { closeGaps() }
    }

    private mutating func closeGaps() {
        slots = slots.filter { $0 != nil }
        for (place, job) in slots.enumerated() { if let job { places[job.handle.serial] = place } }
    }
}
