import Synchronization

/// Where the tasks of bodies wait: for the end of a pause, for the limiter, for time, for a request.
///
/// A job is idle when all its tasks wait here. Then a pause takes effect at once, since nothing of it is in flight.
extension JobRegistry {
    /// Called by a body's task; returns when its reason to wait is gone and nobody wants a pause, or the job is cancelled.
    func park(_ handle: JobHandle, ticket: Int, _ reason: ParkReason) async -> ParkOutcome {
        guard let job = bySerial[handle.serial], !job.isBodyOver, !job.context.isCancelled, !Task.isCancelled else {
            return .cancelled
        }
        if !job.machine.shallPause, !mustQueue(job, reason) {
            if case .go = verdict(on: reason, of: job) { return .proceed }
        }
        return await withUnsafeContinuation { continuation in
            // The way here may have let others in between: what was true above is asked again.
            guard !job.isBodyOver, !job.context.isCancelled, !Task.isCancelled else {
                continuation.resume(returning: .cancelled)
                return
            }
            job.parked.append(ParkedTask(ticket: ticket, reason: reason, continuation: continuation))
            parkedChanged(job)
        }
    }

    /// Takes a step and parks if that says so, both in one turn. (Calls within the actor are not: a task that prefers another executor leaves
    /// the registry's and comes back at each.)
    func park(_ handle: JobHandle, ticket: Int, _ reason: ParkReason, after step: (Job) -> Bool) async -> ParkOutcome {
        await withUnsafeContinuation { continuation in
            guard let job = bySerial[handle.serial], !job.isBodyOver, !job.context.isCancelled, !Task.isCancelled else {
                continuation.resume(returning: .cancelled)
                return
            }
            guard step(job) else {
                continuation.resume(returning: .proceed)
                return
            }
            job.parked.append(ParkedTask(ticket: ticket, reason: reason, continuation: continuation))
            parkedChanged(job)
        }
    }

    /// The task that waits under this ticket was cancelled on its own.
    func giveUpParking(_ handle: JobHandle, ticket: Int) {
        guard let job = bySerial[handle.serial], let index = job.parked.firstIndex(where: { $0.ticket == ticket }) else { return }
        let task = job.parked.remove(at: index)
        if !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        task.continuation.resume(returning: .cancelled)
        wakeParked(job)
    }

    func setWorkers(_ handle: JobHandle, _ count: Int) {
        precondition(count > 0, "a body has at least one task")
        guard let job = bySerial[handle.serial] else { return }
        job.workers = count
        parkedChanged(job)
    }

    func workerEnded(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial] else { return }
        // After the last one the body's own task counts again.
        job.workers = max(1, job.workers - 1)
        parkedChanged(job)
    }

    func wakeIdle(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial] else { return }
        wakeParked(job)
    }

    /// A task has come, or fewer are expected: perhaps the job is idle now.
    private func parkedChanged(_ job: Job) {
        if job.machine.isBusy, !job.isBodyOver, !job.parked.isEmpty, job.parked.count >= job.workers {
            carryOut(job.machine.bodyParked(), for: job)
            open(&job.startGates)
            openQuiescenceGates(of: job)
        }
        wakeParked(job)
    }

    /// Lets go of every task whose reason to wait is gone, and sets the clock for the next.
    func wakeParked(_ job: Job) {
        job.parkTimer?.cancel()
        job.parkTimer = nil
        guard !job.machine.shallPause else { return }
        var staying: [ParkedTask] = []
        var leaving: [ParkedTask] = []
        var deadline: UInt64?
        var limiterIsTaken = false
        for task in job.parked {
            if case .limiter = task.reason, limiterIsTaken {
                staying.append(task)
                continue
            }
            switch verdict(on: task.reason, of: job) {
            case .go:
                leaving.append(task)
            case .stay(let until):
                if case .limiter = task.reason { limiterIsTaken = true }
                if let until { deadline = min(until, deadline ?? until) }
                staying.append(task)
            }
        }
        job.parked = staying
        if let deadline, deadline < .max {
            let handle = job.handle
            job.parkTimer = clock.schedule(at: deadline) { [self] in
                assumeIsolated { $0.wakeIdle(handle) }
            }
        }
        guard !leaving.isEmpty else { return }
        if !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        for task in leaving { task.continuation.resume(returning: .proceed) }
    }

    /// Lets go of every task: the job is cancelled or over.
    func releaseParked(_ job: Job) {
        job.parkTimer?.cancel()
        job.parkTimer = nil
        let leaving = job.parked
        guard !leaving.isEmpty else { return }
        job.parked = []
        if !job.isBodyOver, !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        for task in leaving { task.continuation.resume(returning: .cancelled) }
    }

    func openQuiescenceGates(of job: Job) {
        if job.isBodyOver || !job.machine.isBusy { open(&job.quiescenceGates) }
    }

    private enum Verdict {
        case go
        case stay(until: UInt64?)
    }

    /// Whether the reason to wait is gone. Takes what it grants: bytes from the limiter, the wake-up.
    private func verdict(on reason: ParkReason, of job: Job) -> Verdict {
        switch reason {
        case .checkpoint:
            return .go
        case .limiter(let bytes):
            switch job.context.limiter.admit(bytes, now: clock.now) {
            case .admitted: return .go
            case .wait(let until): return .stay(until: until)
            }
        case .budget:
            let earliest = job.context.limiter.earliest
            return clock.now >= earliest ? .go : .stay(until: earliest)
        case .sleep(let until):
            return clock.now >= until ? .go : .stay(until: until)
        case .idle(let until):
            if job.machine.completionRequest != .none { return .go }
            if job.context.wakePending.exchange(false, ordering: .acquiringAndReleasing) { return .go }
            guard let until else { return .stay(until: nil) }
            return clock.now >= until ? .go : .stay(until: until)
        case .completionRequest:
            return job.machine.completionRequest != .none ? .go : .stay(until: nil)
        }
    }

    /// Who asks the limiter while others wait for it gets in line.
    private func mustQueue(_ job: Job, _ reason: ParkReason) -> Bool {
        guard case .limiter = reason else { return false }
        return job.parked.contains { if case .limiter = $0.reason { true } else { false } }
    }
}
