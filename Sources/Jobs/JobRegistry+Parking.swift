import Synchronization

/// Where the tasks of bodies wait: for the end of a pause, for the limiter, for time, for a request.
///
/// A job is idle when all its tasks wait here. Then a pause takes effect at once, since nothing of it is in flight.
extension JobRegistry {
    /// Called by a body's task; returns when its reason to wait is gone and nobody wants a pause, or the job is cancelled.
    func park(_ handle: JobHandle, ticket: Int, _ reason: ParkReason) async -> ParkOutcome {
        await park(handle, ticket: ticket, reason) { job in
            if job.machine.shallPause || (reason.isLimiter && job.parking.hasLimiterQueue) { return true }
            if case .go = verdict(on: reason, of: job) { return false }
            return true
        }
    }

    /// Takes a step and parks if that says so, both in one turn. (Calls within the actor are not: a task that prefers another executor leaves
    /// the registry's and comes back at each.)
    func park(_ handle: JobHandle, ticket: Int, _ reason: ParkReason, after step: (Job) -> Bool) async -> ParkOutcome {
        await withUnsafeContinuation { continuation in
            guard let job = table[handle.serial], !job.machine.isBodyOver, !job.context.isCancelled, !Task.isCancelled else {
                continuation.resume(returning: .cancelled)
                return
            }
            guard step(job) else {
                continuation.resume(returning: .proceed)
                return
            }
            job.parking.add(Parking.Entry(ticket: ticket, reason: reason, continuation: continuation))
            parkedChanged(job)
        }
    }

    /// The task that waits under this ticket was cancelled on its own.
    func giveUpParking(_ handle: JobHandle, ticket: Int) {
        guard let job = table[handle.serial], let task = job.parking.remove(ticket: ticket) else { return }
        if !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        task.continuation.resume(returning: .cancelled)
        wakeParked(job)
    }

    func setWorkers(_ handle: JobHandle, _ count: Int) {
        precondition(count > 0, "a body has at least one task")
        guard let job = table[handle.serial] else { return }
        job.parking.setWorkers(count)
        parkedChanged(job)
    }

    func workerEnded(_ handle: JobHandle) {
        guard let job = table[handle.serial] else { return }
        job.parking.workerEnded()
        parkedChanged(job)
    }

    func wakeIdle(_ handle: JobHandle) {
        guard let job = table[handle.serial] else { return }
        wakeParked(job)
    }

    /// A task has come, or fewer are expected: perhaps the job is idle now.
    private func parkedChanged(_ job: Job) {
        if job.machine.isBusy, !job.machine.isBodyOver, job.parking.isComplete {
            carryOut(job.machine.bodyParked(), for: job)
            job.settleStart()
        }
        wakeParked(job)
    }

    /// Lets go of every task whose reason to wait is gone, and sets the clock for the next.
    func wakeParked(_ job: Job) {
        job.parking.timer?.cancel()
        job.parking.timer = nil
        guard !job.machine.shallPause else { return }
        let (leaving, next) = job.parking.takeReady { verdict(on: $0, of: job) }
        if let next, next < .max {
            let handle = job.handle
            job.parking.timer = clock.schedule(at: next) { [self] in
                assumeIsolated { $0.wakeIdle(handle) }
            }
        }
        guard !leaving.isEmpty else { return }
        if !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        for task in leaving { task.continuation.resume(returning: .proceed) }
    }

    /// Lets go of every task: the job is cancelled or over.
    func releaseParked(_ job: Job) {
        job.parking.timer?.cancel()
        job.parking.timer = nil
        let leaving = job.parking.removeAll()
        guard !leaving.isEmpty else { return }
        if !job.machine.isBodyOver, !job.machine.isBusy { carryOut(job.machine.bodyUnparked(), for: job) }
        for task in leaving { task.continuation.resume(returning: .cancelled) }
    }

    /// Whether the reason to wait is gone. Takes what it grants: bytes from the limiter, the wake-up.
    private func verdict(on reason: ParkReason, of job: Job) -> Parking.Verdict {
        switch reason {
        case .checkpoint:
            return .go
        case .limiter(let bytes):
            switch job.context.limiter.admit(bytes, now: clock.now) {
            case .admitted: return .go
            case .wait(let until): return .stay(until: until)
            }
        case .budget:
            return verdict(until: job.context.limiter.earliest)
        case .sleep(let until):
            return verdict(until: until)
        case .idle(let until):
            if job.machine.completionRequest != .none { return .go }
            if job.context.wakePending.exchange(false, ordering: .acquiringAndReleasing) { return .go }
            return until.map { verdict(until: $0) } ?? .stay(until: nil)
        case .completionRequest:
            return job.machine.completionRequest != .none ? .go : .stay(until: nil)
        }
    }

    private func verdict(until moment: UInt64) -> Parking.Verdict {
        clock.now >= moment ? .go : .stay(until: moment)
    }
}
