import Glibc
import TestSupport

@testable import Jobs

/// A request in flight: whoever waits goes on when the test completes it.
final class FakeRequest: Sendable {
    private struct State {
        var outcome: Result<Void, JobFailure>?
        var waiting: [CheckedContinuation<Result<Void, JobFailure>, Never>] = []
    }
    private let state = Guarded(State())

    func wait() async throws(JobFailure) {
        let outcome = await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
        try outcome.get()
    }

    func finish(_ outcome: Result<Void, JobFailure> = .success(())) {
        let waiting = state.withLock { state in
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }
}

/// A body whose work is a closure, and which notes what it is called for.
final class FakeBody: JobBody {
    typealias Work = @Sendable (JobContext) async throws(JobFailure) -> Void

    /// Which of the ends an instruction is about.
    enum End: String, CaseIterable {
        case prepare, commit, abort, clean
    }

    private let executor: ManualExecutor.TaskFace
    private let work: Work
    private let softCancel: Bool
    private let prepareFailure: JobFailure?
    /// Ends that wait for a request of the test.
    private let held: [End: FakeRequest]
    /// Everything that was called, in order.
    private let calls = Guarded<[String]>([])
    /// Where calls of several bodies are noted in one order.
    private let shared: Trace?
    let name: String

    init(
        _ bench: JobBench, name: String = "", softCancel: Bool = false, prepareFailure: JobFailure? = nil, held: [End: FakeRequest] = [:],
        calls: Trace? = nil, _ work: @escaping Work
    ) {
        executor = bench.executor.tasks
        self.name = name
        self.work = work
        self.softCancel = softCancel
        self.prepareFailure = prepareFailure
        self.held = held
        shared = calls
    }

    var taskExecutor: (any TaskExecutor)? { executor }
    /// Everything that was called so far.
    var called: [String] { calls.withLock { $0 } }

    private func note(_ call: String) {
        calls.withLock { $0.append(call) }
        shared?.add("\(name).\(call)")
    }

    func run(_ context: JobContext) async throws(JobFailure) {
        note("run")
        defer { note("returned from run") }
        try await work(context)
    }

    func prepare() async throws(JobFailure) {
        note("prepare")
        try await held[.prepare]?.wait()
        if let prepareFailure { throw prepareFailure }
    }
    func commit() async {
        note("commit")
        try? await held[.commit]?.wait()
    }
    func abort() async {
        note("abort")
        try? await held[.abort]?.wait()
    }
    func clean() async {
        note("clean")
        try? await held[.clean]?.wait()
    }
    func acceptsSoftCancel(isReady: Bool) -> Bool { softCancel && isReady }
    func cancelRequested() { note("cancelRequested") }
    func userResumed() { note("userResumed") }
    func change(_ change: JobChange) throws(JobError) { note("change") }
    func abandoned() { note("abandoned") }
    func returned() { note("returned") }
    var isActivelySynced: Bool? { nil }
}

extension FakeBody {
    /// Copies `chunks` pieces under the limiter, as a backup does.
    static func copying(_ chunks: Int, of bytes: Int = 65536) -> Work {
        { context throws(JobFailure) in
            context.progress.setRemaining(Int64(chunks * bytes))
            for _ in 0..<chunks {
                try await context.rateLimit(bytes)
                context.progress.advance(by: Int64(bytes))
            }
        }
    }

    /// Sleeps for ever, as a body that idles.
    static let sleeping: Work = { context throws(JobFailure) in
        while true { try await context.sleep(nanoseconds: 1_000_000_000_000) }
    }

    /// Has one request in flight, then reaches a checkpoint and is done.
    static func busy(_ request: FakeRequest) -> Work {
        { context throws(JobFailure) in
            try await request.wait()
            try await context.checkpoint()
        }
    }

    /// Converges at once and waits to be completed, as a mirror does.
    static let mirroring: Work = { context throws(JobFailure) in
        try await context.ready()
        _ = try await context.waitForCompletionRequest()
    }
}

extension JobParameters {
    static func backup(
        _ id: String, speed: Int64 = 0, autoFinalize: Bool = true, autoDismiss: Bool = true, onSource: ErrorPolicy = .report,
        onTarget: ErrorPolicy = .report
    ) -> JobParameters {
        JobParameters(
            id: id, type: .backup, speed: speed, autoFinalize: autoFinalize, autoDismiss: autoDismiss, onSourceError: onSource,
            onTargetError: onTarget)
    }
    static func mirror(_ id: String, autoFinalize: Bool = true, autoDismiss: Bool = true) -> JobParameters {
        JobParameters(id: id, type: .mirror, autoFinalize: autoFinalize, autoDismiss: autoDismiss)
    }
    static func create(_ id: String) -> JobParameters {
        JobParameters(id: id, type: .create, autoDismiss: false)
    }
}

let outOfSpace = JobFailure(.system(errno: ENOSPC), "No space left on device")
let ioError = JobFailure(.system(errno: EIO), "Input/output error")
