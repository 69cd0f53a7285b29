import Glibc
import Storage
import Waiting

/// Gives up waiting for a saving that takes too long; the saving itself goes on, and is waited for at the end.
///
/// Loop-bound.
final class TimedCopier: BeforeWriteCopier {
    private let copier: any BeforeWriteCopier
    private let timeout: UInt64
    private let clock: any ThrottleClock
    private let spawn: QuorumDriver.Spawner
    private var running = 0
    private let ending = Waiters()

    /// - Parameter timeout: in nanoseconds.
    init(_ copier: any BeforeWriteCopier, timeout: UInt64, clock: any ThrottleClock, spawn: @escaping QuorumDriver.Spawner) {
        self.copier = copier
        self.timeout = timeout
        self.clock = clock
        self.spawn = spawn
    }

    /// One saving against its deadline. Unchecked: its callers all run on the loop.
    private struct Race: @unchecked Sendable {
        let outcome = Outcome<Result<Void, BlockError>>()

        func end(_ result: Result<Void, BlockError>) { outcome.resolve(result) }
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
        let cancel = clock.schedule(at: isNever ? .max : deadline) { race.end(.failure(.system(ETIMEDOUT))) }
        defer { cancel() }
        try await race.outcome.wait().get()
    }

    var isSavingBehindWrites: Bool { running > 0 }

    /// Returns when nothing is being saved any more.
    func finish() async {
        await ending.wait { running == 0 }
    }

    private func endOne() {
        running -= 1
        if running == 0 { ending.wakeAll() }
    }
}
