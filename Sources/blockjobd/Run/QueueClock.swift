import Dispatch
import Jobs

/// The host's monotonic clock, calling back on the control queue.
final class QueueClock: JobClock {
    private let queue: DispatchQueue

    init(queue: DispatchQueue) {
        self.queue = queue
    }

    var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer {
        // A strict timer without leeway: what `asyncAfter` makes may be late by a tenth of the wait.
        let source = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
        // The two highest bits of Dispatch's times name other clocks. A timer that comes early, in a century, does no harm.
        source.schedule(deadline: DispatchTime(uptimeNanoseconds: min(deadline, 1 << 62 - 1)), leeway: .nanoseconds(0))
        let timer = Timer(source)
        source.setEventHandler { @Sendable in
            timer.cancel()
            action()
        }
        source.resume()
        return timer
    }

    /// A one-shot timer. Sources may be cancelled from anywhere, any number of times.
    private struct Timer: JobTimer, @unchecked Sendable {
        private let source: any DispatchSourceTimer

        init(_ source: any DispatchSourceTimer) {
            self.source = source
        }

        func cancel() { source.cancel() }
    }
}
