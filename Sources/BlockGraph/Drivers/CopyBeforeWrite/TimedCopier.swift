import Storage

/// Gives up waiting for a saving that takes too long; the saving itself goes on, and is waited for at the end.
///
/// Loop-bound.
final class TimedCopier: BeforeWriteCopier {
    private let copier: any BeforeWriteCopier
    private let timeout: UInt64
    private let clock: any ThrottleClock
    private let spawn: QuorumDriver.Spawner
    private var running = 0
    private var ending: UnsafeContinuation<Void, Never>?

    /// - Parameter timeout: in nanoseconds.
    init(_ copier: any BeforeWriteCopier, timeout: UInt64, clock: any ThrottleClock, spawn: @escaping QuorumDriver.Spawner) {
        self.copier = copier
        self.timeout = timeout
        self.clock = clock
        self.spawn = spawn
    }

    /// One saving against its deadline. Unchecked: its callers all run on the loop.
    private final class Race: @unchecked Sendable {
        private var outcome: Result<Void, BlockError>?
        private var waiter: UnsafeContinuation<Void, Never>?

        func end(_ result: Result<Void, BlockError>) {
            guard outcome == nil else { return }
            outcome = result
            waiter?.resume()
            waiter = nil
        }

        func wait() async throws(BlockError) {
            if outcome == nil { await withUnsafeContinuation { waiter = $0 } }
            try outcome?.get()
        }
    }

    func copyBeforeWrite(at offset: Int64, count: Int64) async throws(BlockError) {
        let race = Race()
        running += 1
        spawn {
            do throws(BlockError) {
                try await self.copier.copyBeforeWrite(at: offset, count: count)
                race.end(.success(()))
            } catch {
                race.end(.failure(error))
            }
            self.endOne()
        }
        let (deadline, isNever) = clock.now.addingReportingOverflow(timeout)
        let cancel = clock.schedule(at: isNever ? .max : deadline) { race.end(.failure(.system(110))) }
        defer { cancel() }
        try await race.wait()
    }

    /// Returns when nothing is being saved any more.
    func finish() async {
        if running > 0 { await withUnsafeContinuation { ending = $0 } }
    }

    private func endOne() {
        running -= 1
        guard running == 0, let ending else { return }
        self.ending = nil
        ending.resume()
    }
}
