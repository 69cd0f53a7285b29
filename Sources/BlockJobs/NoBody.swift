internal import Jobs

/// The body of a job that is refused once it has been seen.
final class NoBody: JobBody {
    func run(_ context: JobContext) async throws(JobFailure) {}
}
