internal import Jobs

/// A job that the starter starts: it may hold something before the registry has it.
protocol StartableJob: JobBody {
    /// Gives back what the job holds. Nothing of it is in flight. Called once: at the job's end, or when the registry refused it.
    func release() async
}

extension StartableJob {
    func clean() async { await release() }
    func release() async {}
}

/// Starts a job as one action of a transaction.
struct JobMember: TransactionMember {
    /// Checks what the job is asked for and makes its body, with all that it holds. It gets the way to show a job that comes and goes.
    typealias MakeBody = @Sendable (JobCreation) async throws(BlockJobError) -> any StartableJob

    private var creation: JobCreation
    private let makeBody: MakeBody

    init(_ creation: JobCreation, _ makeBody: @escaping MakeBody) {
        self.creation = creation
        self.makeBody = makeBody
    }

    mutating func prepare() async throws(BlockJobError) { try await creation.create(try await makeBody(creation)) }

    mutating func commit() async { await creation.startAndWait() }

    mutating func abort() async { await creation.abort() }

    mutating func clean() async {}
}
