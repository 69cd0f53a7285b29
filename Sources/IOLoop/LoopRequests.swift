internal import CLinux

/// The requests of one loop. To be used on the loop only (checked in debug builds).
///
/// Results are the kernel's: a count, or a negative errno. Nothing is retried or continued here; short transfers, EINTR and EAGAIN reach
/// the caller. Memory handed in stays valid until the call returns: a request cannot be recalled, and tasks that are cancelled still
/// wait for it.
public struct LoopRequests: Sendable {
    let core: LoopCore

    /// Whether requests go through io_uring; otherwise each one costs a hand-over to the thread pool.
    public var usesRing: Bool { core.usesRing }

    /// Reads at `offset`.
    public func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) async -> Int {
        guard core.usesRing else {
            let lent = Lent(buffer)
            return await blocking { HostCall.read(descriptor, into: lent.value, at: offset) }
        }
        let count = RingRequest.clamped(buffer.count)
        return await core.submit { entry in
            io_uring_prep_read(entry, descriptor, buffer.baseAddress, count, UInt64(bitPattern: offset))
        }
    }

    /// Writes at `offset`.
    public func write(_ descriptor: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64) async -> Int {
        guard core.usesRing else {
            let lent = Lent(buffer)
            return await blocking { HostCall.write(descriptor, from: lent.value, at: offset) }
        }
        let count = RingRequest.clamped(buffer.count)
        return await core.submit { entry in
            io_uring_prep_write(entry, descriptor, buffer.baseAddress, count, UInt64(bitPattern: offset))
        }
    }

    /// Reads at `offset` into several buffers, in order.
    public func read(_ descriptor: Int32, into buffers: [UnsafeMutableRawBufferPointer], at offset: Int64) async -> Int {
        let vectors = Vectors(buffers.map { iovec(iov_base: $0.baseAddress, iov_len: $0.count) })
        defer { vectors.deallocate() }
        guard core.usesRing else {
            return await blocking { clinux_preadv(descriptor, vectors.start, vectors.count, offset) }
        }
        return await core.submit { entry in
            io_uring_prep_readv(entry, descriptor, vectors.start, UInt32(vectors.count), UInt64(bitPattern: offset))
        }
    }

    /// Writes at `offset` from several buffers, in order.
    public func write(_ descriptor: Int32, from buffers: [UnsafeRawBufferPointer], at offset: Int64) async -> Int {
        let vectors = Vectors(buffers.map { iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count) })
        defer { vectors.deallocate() }
        guard core.usesRing else {
            return await blocking { clinux_pwritev(descriptor, vectors.start, vectors.count, offset) }
        }
        return await core.submit { entry in
            io_uring_prep_writev(entry, descriptor, vectors.start, UInt32(vectors.count), UInt64(bitPattern: offset))
        }
    }

    /// fsync, or fdatasync when `dataOnly`.
    public func sync(_ descriptor: Int32, dataOnly: Bool) async -> Int {
        guard core.usesRing else { return await blocking { HostCall.sync(descriptor, dataOnly: dataOnly) } }
        return await core.submit { entry in
            io_uring_prep_fsync(entry, descriptor, dataOnly ? UInt32(IORING_FSYNC_DATASYNC) : 0)
        }
    }

    /// Waits until `descriptor` is ready for any of `events` (POLLIN, POLLOUT, ...), once.
    /// - Returns: the events that are ready, or a negative errno.
    public func poll(_ descriptor: Int32, events: Int16) async -> Int {
        guard core.usesRing else { return await core.pollWithoutRing(descriptor, events: events) }
        return await core.submit { entry in
            io_uring_prep_poll_add(entry, descriptor, UInt32(UInt16(bitPattern: events)))
        }
    }

    /// Runs a call that may block on the thread pool, and comes back to the loop with its result. Heavy computing may go there too.
    public func blocking(_ call: @escaping @Sendable () -> Int) async -> Int {
        await core.runOnPool(call)
    }

    /// Runs a call that may block on the thread pool as one of a row, and comes back to the loop with its result.
    public func blocking(in row: CallRow, _ call: @escaping @Sendable () -> Int) async -> Int { await core.runOnPool(call, in: row) }

    /// Runs a call that may block on the thread pool, and comes back to the loop with its result.
    /// - Parameter row: where it waits until it may run; without, it runs as soon as the pool has a thread.
    public func blocking<Value: Sendable>(in row: CallRow? = nil, _ call: @escaping @Sendable () -> Value) async -> Value {
        let reply = Reply<Value>()
        let body: @Sendable () -> Int = {
            reply.value = call()
            return 0
        }
        if let row { _ = await core.runOnPool(body, in: row) } else { _ = await core.runOnPool(body) }
        guard let value = reply.value else { preconditionFailure("the pool returns after the call") }
        return value
    }

    /// Waits until `deadline`; a cancelled task returns at once, with an error.
    public func sleep(until deadline: ContinuousClock.Instant) async throws(CancellationError) {
        try await core.sleep(until: deadline)
    }

    /// Waits for `duration`; a cancelled task returns at once, with an error.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        try await core.sleep(until: .now.advanced(by: duration))
    }
}

/// What is common to ring requests.
enum RingRequest {
    /// The kernel moves at most this much at a time (MAX_RW_COUNT); longer requests come back short.
    static func clamped(_ count: Int) -> UInt32 { UInt32(min(count, 0x7fff_f000)) }
}

/// An array of vectors that stays where it is while the kernel reads it. Unchecked: nobody writes it after it was made.
private struct Vectors: @unchecked Sendable {
    let start: UnsafeMutablePointer<iovec>
    let count: Int32

    init(_ vectors: [iovec]) {
        start = .allocate(capacity: max(1, vectors.count))
        start.initialize(from: vectors, count: vectors.count)
        count = Int32(vectors.count)
    }

    func deallocate() { start.deallocate() }
}

/// Where a call on the pool leaves its result. Unchecked: the pool writes it before the caller is resumed.
private final class Reply<Value>: @unchecked Sendable {
    var value: Value?
}
