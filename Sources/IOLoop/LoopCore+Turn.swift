internal import CLinux
internal import Glibc
internal import Synchronization

extension LoopCore {
    /// How many jobs run before the loop looks at completions, timers and the inbox again. Each job runs to its next suspension, so this
    /// bounds how long a completion waits behind a crowd of ready tasks.
    private static let jobsPerTurn = 64
    /// How many completions are taken before jobs run again.
    private static let completionsPerTurn = 256

    /// The thread's life.
    func runUntilStopped() {
        while true {
            takeMail()
            runReadyJobs()
            fireTimers()
            if state.pointee.ready.isEmpty {
                if mayEnd { break }
                waitForWork()
            } else {
                pollForWork()
            }
            if let ring = state.pointee.ring { takeCompletions(ring) }
        }
        end()
    }

    private func takeMail() {
        guard hasMail.exchange(false, ordering: .sequentiallyConsistent) else { return }
        lock.lock()
        while let job = inbox.pointee.jobs.removeFirst() { state.pointee.ready.append(job) }
        let cancelled = inbox.pointee.cancelledTimers
        if !cancelled.isEmpty { inbox.pointee.cancelledTimers = [] }
        swap(&inbox.pointee.results, &state.pointee.results)
        lock.unlock()
        takeResults()
        for timer in cancelled { cancelOnLoop(timer) }
    }

    /// Resumes the tasks whose calls on the pool have returned. Here and not on the pool's thread: by now each of them has suspended for
    /// certain, and the lock of the inbox orders what the call wrote before what the task reads.
    private func takeResults() {
        guard !state.pointee.results.isEmpty else { return }
        for result in state.pointee.results { result.continuation.resume(returning: result.value) }
        state.pointee.inFlight -= state.pointee.results.count
        state.pointee.results.removeAll(keepingCapacity: true)
    }

    private func runReadyJobs() {
        let serial = serialExecutor.asUnownedSerialExecutor()
        let task = taskExecutor.asUnownedTaskExecutor()
        var left = Self.jobsPerTurn
        while left > 0, let job = state.pointee.ready.removeFirst() {
            job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            left -= 1
        }
    }

    private func fireTimers() {
        guard !state.pointee.timers.isEmpty else { return }
        let now = ContinuousClock.now
        while let timer = state.pointee.timers.first, timer.deadline <= now {
            state.pointee.timers.remove(timer)
            timer.continuation?.resume(returning: true)
            timer.continuation = nil
        }
    }

    /// Nothing is ready: waits in the kernel for a completion, a signal or the next timer.
    private func waitForWork() {
        // The store comes before the load, and a sender's store of `hasMail` before its exchange of `isAsleep`: one of the two sees the
        // other, so no mail is slept over.
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        if hasMail.load(ordering: .sequentiallyConsistent) {
            isAsleep.store(false, ordering: .sequentiallyConsistent)
            return
        }
        if let ring = state.pointee.ring {
            _ = clinux_ring_wait(ring.ring, nanosecondsToTimer)
        } else {
            pollDescriptors(timeout: nanosecondsToTimer)
        }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
    }

    /// Jobs are ready: hands over what they submitted and collects what is complete, without waiting.
    private func pollForWork() {
        if let ring = state.pointee.ring {
            if state.pointee.inFlight > 0 || io_uring_sq_ready(ring.ring) > 0 { io_uring_submit_and_get_events(ring.ring) }
        } else if !state.pointee.polls.isEmpty {
            pollDescriptors(timeout: 0)
        }
    }

    /// To the next timer; negative when there is none.
    private var nanosecondsToTimer: Int64 {
        guard let timer = state.pointee.timers.first else { return -1 }
        let left = ContinuousClock.now.duration(to: timer.deadline).components
        // A deadline in centuries must not overflow; waking up early is harmless.
        guard left.seconds < 1_000_000 else { return 1_000_000 * 1_000_000_000 }
        return max(0, left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000 + 1)
    }

    /// Resumes the tasks whose requests have completed; they become ready jobs, none runs here.
    func takeCompletions(_ ring: Ring) {
        var left = Self.completionsPerTurn
        while left > 0, let completion = clinux_peek_cqe(ring.ring) {
            let data = completion.pointee.user_data
            let result = completion.pointee.res
            io_uring_cqe_seen(ring.ring, completion)
            left -= 1
            if data == 0 {
                ring.armWake(wakeDescriptor)
            } else {
                state.pointee.inFlight -= 1
                let continuation = unsafeBitCast(UInt(data), to: UnsafeContinuation<Int32, Never>.self)
                continuation.resume(returning: result)
            }
        }
    }

    /// Without a ring: waits for the eventfd and for the descriptors that tasks wait for.
    private func pollDescriptors(timeout: Int64) {
        var descriptors = [pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        for poll in state.pointee.polls { descriptors.append(pollfd(fd: poll.descriptor, events: poll.events, revents: 0)) }
        let ready = descriptors.withUnsafeMutableBufferPointer { clinux_poll($0.baseAddress, UInt32($0.count), timeout) }
        guard ready > 0 else { return }
        if descriptors[0].revents != 0 { clinux_eventfd_clear(wakeDescriptor) }
        for index in state.pointee.polls.indices.reversed() where descriptors[index + 1].revents != 0 {
            let poll = state.pointee.polls.remove(at: index)
            state.pointee.inFlight -= 1
            let events = descriptors[index + 1].revents
            poll.continuation.resume(returning: events & Int16(POLLNVAL) != 0 ? -Int(EBADF) : Int(events))
        }
    }
}
