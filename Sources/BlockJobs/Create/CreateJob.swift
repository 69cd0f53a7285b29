internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// Creates an image: one step, which is done or not.
final class CreateJob: StartableJob {
    /// What creates it.
    typealias Work = @Sendable () async throws(BlockError) -> Void

    private let thread: IOThread
    private let work: Work

    /// Creates a file on a loop's thread pool.
    convenience init(_ file: CreateOptions.File, on thread: IOThread) {
        self.init(on: thread) { () async throws(BlockError) in
            try await thread.run { (io: isolated IOThread) async throws(BlockError) in
                try await HostFile.create(
                    file.path, length: file.size, preallocation: file.preallocation, noCopyOnWrite: file.noCopyOnWrite,
                    extentSizeHint: file.extentSizeHint, on: io)
            }
        }
    }

    /// Creates a qcow2 image in a node.
    convenience init(_ image: NewQcow2Image, in graph: BlockGraph, on thread: IOThread) {
        self.init(on: thread) { () async throws(BlockError) in try await graph.create(image) }
    }

    /// As one action of a transaction.
    static func member(_ options: CreateOptions, group: JobGroup?, of jobs: isolated BlockJobStarter) -> JobMember {
        let (graph, thread) = (jobs.graph, jobs.thread)
        let parameters = JobParameters(id: options.id, type: .create, autoDismiss: false)
        return JobMember(JobCreation(parameters, in: jobs.registry, group: group)) { (_) throws(BlockJobError) in
            switch options.image {
            case .file(let file): CreateJob(file, on: thread)
            case .qcow2(let image): CreateJob(image, in: graph, on: thread)
            case .other: throw BlockJobError("Driver does not support blockdev-create")
            }
        }
    }

    private init(on thread: IOThread, _ work: @escaping Work) {
        self.thread = thread
        self.work = work
    }

    var taskExecutor: (any TaskExecutor)? { thread.taskExecutor }

    /// How long the command that made the job waits for quick failures, so that they precede its reply as clients of QEMU see it.
    private static let patience = Duration.milliseconds(50)

    func run(_ context: JobContext) async throws(JobFailure) {
        context.progress.setRemaining(1)
        let thread = self.thread
        // A preallocation may take minutes: the command doesn't wait for that.
        let signal = thread.task { (io: isolated IOThread) async in
            do { try await io.requests.sleep(for: Self.patience) } catch { return }
            await context.started()
        }
        defer { signal.cancel() }
        do throws(BlockError) {
            try await work()
        } catch {
            context.progress.advance(by: 1)
            // The sentence says what could not be done with which file, where the bare errno would not.
            if case .system(let errno) = error.kind { throw JobFailure(.system(errno: errno), error.message) }
            throw JobFailure(.other, error.message)
        }
        context.progress.advance(by: 1)
        await context.started()
    }
}
