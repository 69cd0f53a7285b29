import TestSupport

@testable import Jobs

/// What happened, as words in one line: `a:running`, `a:OK`, and `<pause>` for the reply of a verb.
final class Trace: Sendable {
    private let words = Guarded<[String]>([])

    func add(_ word: String) { words.withLock { $0.append(word) } }

    /// What was added since the last call.
    func take() -> String {
        words.withLock { words in
            defer { words = [] }
            return words.joined(separator: " ")
        }
    }
}

/// A registry on a manual executor and clock, and what it tells.
final class JobBench: Sendable {
    let executor = ManualExecutor()
    let clock: ManualClock
    let registry: JobRegistry
    let trace = Trace()

    init(deadlines: JobDeadlines = JobDeadlines()) {
        let clock = ManualClock(executor)
        self.clock = clock
        let trace = trace
        let box = EventBox()
        registry = JobRegistry(executor: executor, clock: clock, deadlines: deadlines) { event in
            trace.add(Self.word(for: event))
            box.events.withLock { $0.append(event) }
        }
        self.box = box
    }

    private final class EventBox: Sendable {
        let events = Guarded<[JobEvent]>([])
    }
    private let box: EventBox

    /// Every event so far.
    var allEvents: [JobEvent] { box.events.withLock { $0 } }

    static func word(for event: JobEvent) -> String {
        switch event {
        case .statusChange(let id, let status):
            switch status {
            case .created: "\(id):C"
            case .running: "\(id):R"
            case .waiting: "\(id):W"
            case .pending: "\(id):P"
            case .concluded: "\(id):Cc"
            case .null: "\(id):N"
            case .undefined, .paused, .ready, .standby, .aborting: "\(id):\(status.rawValue)"
            }
        case .completed(let report, let error): error.map { "\(report.device):OK{\($0)}" } ?? "\(report.device):OK"
        case .cancelled(let report): "\(report.device):CAN"
        case .ready(let report): "\(report.device):READY"
        case .pending(_, let id): "\(id):PENDING"
        case .error(let device, let operation, let action, _): "\(device):ERROR{\(operation.rawValue),\(action.rawValue)}"
        }
    }

    /// Runs what can run, then returns what happened since the last look.
    func happened() -> String {
        executor.runUntilIdle()
        return trace.take()
    }

    /// Runs a command on the registry to its end and notes the reply as `<name>`, or `<name: message>` when refused.
    func command(_ name: String, _ command: @escaping @Sendable (isolated JobRegistry) async throws(JobError) -> Void) {
        let registry = registry
        let trace = trace
        executor.task {
            do throws(JobError) {
                try await command(registry)
                trace.add("<\(name)>")
            } catch {
                trace.add("<\(name): \(error.message)>")
            }
        }
        executor.runUntilIdle()
    }

    private struct NoAnswer: Error {}

    /// Asks the registry something that it answers at once.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (isolated JobRegistry) throws -> Value) -> Result<Value, any Error> {
        let registry = registry
        let answer = executor.run { () async -> Result<Value, any Error> in
            await registry.perform { registry in Result { try question(registry) } }
        }
        return answer ?? .failure(NoAnswer())
    }

    /// Creates a job, starts it, and replies `<name>`.
    func launch(
        _ name: String, _ bodies: [(JobParameters, FakeBody)], mode: CompletionMode = .individual, drained: Bool = false
    ) {
        command(name) { registry throws(JobError) in
            let group = registry.makeGroup(completionMode: mode)
            var handles: [JobHandle] = []
            for (parameters, body) in bodies { handles.append(try registry.create(parameters, in: group, body: body)) }
            for handle in handles {
                if drained { registry.drainBegin(handle) }
                registry.start(handle)
            }
            if drained { for handle in handles { registry.drainEnd(handle) } }
        }
    }

    func info(_ id: String) -> JobInfo? { try? ask { $0.jobs.first { $0.id == id } }.get() }
    func blockInfo(_ id: String) -> BlockJobInfo? { try? ask { $0.blockJobs.first { $0.device == id } }.get() }

    func pause(_ id: String, via family: JobCommandFamily = .job) {
        command("pause") { registry throws(JobError) in try registry.pause(id, via: family) }
    }
    func resume(_ id: String, via family: JobCommandFamily = .job) {
        command("resume") { registry throws(JobError) in try registry.resume(id, via: family) }
    }
    func complete(_ id: String, via family: JobCommandFamily = .job) {
        command("complete") { registry throws(JobError) in try registry.complete(id, via: family) }
    }
    func cancel(_ id: String, force: Bool = true, via family: JobCommandFamily = .job) {
        command("cancel") { registry throws(JobError) in try await registry.cancel(id, force: force, via: family) }
    }
    func finalize(_ id: String, via family: JobCommandFamily = .job) {
        command("finalize") { registry throws(JobError) in try await registry.finalize(id, via: family) }
    }
    func dismiss(_ id: String, via family: JobCommandFamily = .job) {
        command("dismiss") { registry throws(JobError) in try registry.dismiss(id, via: family) }
    }
    func setSpeed(_ id: String, _ speed: Int64) {
        command("set-speed") { registry throws(JobError) in try registry.setSpeed(id, speed) }
    }
}

extension JobRegistry {
    /// Runs `work` here.
    func perform<Value: Sendable>(_ work: @Sendable (isolated JobRegistry) -> Value) -> Value { work(self) }
}
