internal import CLinux

extension LoopCore {
    /// Submits one request to the ring and waits for its result.
    func submit(_ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void) async -> Int {
        assert(isCurrentThread, "requests are made on their loop")
        let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Int32, Never>) in
            guard let ring = state.pointee.ring else { return continuation.resume(returning: -ENOSYS) }
            let entry = nextEntry(ring)
            prepare(entry)
            entry.pointee.user_data = UInt64(unsafeBitCast(continuation, to: UInt.self))
            state.pointee.inFlight += 1
        }
        return Int(result)
    }

    /// A free submission entry. When the queue is full it is handed over first; when the kernel refuses that because completions pile up
    /// (EBUSY), those are taken.
    private func nextEntry(_ ring: Ring) -> UnsafeMutablePointer<io_uring_sqe> {
        while true {
            if let entry = io_uring_get_sqe(ring.ring) { return entry }
            if io_uring_submit_and_get_events(ring.ring) < 0 { takeCompletions(ring) }
        }
    }

    /// Runs `call` on the pool.
    func runOnPool(_ call: @escaping @Sendable () -> Int) async -> Int {
        assert(isCurrentThread, "requests are made on their loop")
        state.pointee.inFlight += 1
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Int, Never>) in
            pool.submit(.call(ThreadPool.Call(body: call, continuation: continuation, core: self)))
        }
    }

    /// Runs `call` on the pool as one of a row.
    func runOnPool(_ call: @escaping @Sendable () -> Int, in row: CallRow) async -> Int {
        assert(isCurrentThread, "requests are made on their loop")
        state.pointee.inFlight += 1
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Int, Never>) in
            if row.add(ThreadPool.Call(body: call, continuation: continuation, core: self)) { pool.submit(.row(row)) }
        }
    }

    /// Waits for a descriptor without a ring.
    func pollWithoutRing(_ descriptor: Int32, events: Int16) async -> Int {
        assert(isCurrentThread, "requests are made on their loop")
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Int, Never>) in
            state.pointee.inFlight += 1
            state.pointee.polls.append((descriptor, events, continuation))
        }
    }

    /// Waits until `deadline`, or until the task is cancelled.
    func sleep(until deadline: ContinuousClock.Instant) async throws(CancellationError) {
        precondition(isCurrentThread, "timers are set on their loop")
        let timer = LoopTimer(deadline: deadline)
        let isOver = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                guard !timer.isCancelled else { return continuation.resume(returning: false) }
                timer.continuation = continuation
                state.pointee.timers.insert(timer)
            }
        } onCancel: {
            if isCurrentThread { cancelOnLoop(timer) } else { mail { $0.cancelledTimers.append(timer) } }
        }
        if !isOver { throw CancellationError() }
    }

    /// On the loop's thread; harmless for a timer that has fired.
    func cancelOnLoop(_ timer: LoopTimer) {
        timer.isCancelled = true
        state.pointee.timers.remove(timer)
        timer.continuation?.resume(returning: false)
        timer.continuation = nil
    }
}
