import Ordering

/// Which jobs there are: those that clients see, and those that are gone for them but whose bodies still hang.
struct JobTable {
    private var bySerial: [Int: Job] = [:]
    /// Those that clients see.
    private var byID: [String: Job] = [:]
    private var order = ArrivalOrder<Int>()

    /// How many there are, seen or not.
    var count: Int { bySerial.count }

    /// The job that clients see under this id.
    func job(_ id: String) -> Job? { byID[id] }

    /// The job with this serial number, seen or not.
    subscript(serial: Int) -> Job? { bySerial[serial] }

    /// A new list of those that clients see, the newest first.
    var newestFirst: [Job] { order.newestFirst.compactMap { bySerial[$0] } }

    /// All, seen or not, in no order.
    var all: some Collection<Job> { bySerial.values }

    /// Adds a job whose id nobody has.
    mutating func add(_ job: Job) {
        bySerial[job.handle.serial] = job
        byID[job.handle.id] = job
        order.append(job.handle.serial)
    }

    /// Clients no longer see a job. It stays while its body hangs, until it is removed again.
    mutating func remove(_ job: Job) {
        if byID[job.handle.id] === job {
            byID[job.handle.id] = nil
            order.remove(job.handle.serial)
        }
        if job.machine.abandonedSince == nil { bySerial[job.handle.serial] = nil }
    }
}
