import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct SpeedTests {
    @Test(arguments: [false, true])
    func `every 250 ms carry the limit's share, within a tenth or a chunk`(mirror: Bool) async throws {
        let clocks = Guarded<StepClock?>(nil)
        let world = try World(clock: { control in
            let step = StepClock(control)
            clocks.withLock { $0 = step }
            return step
        })
        guard let clock = clocks.withLock({ $0 }) else { throw TookTooLong() }
        let length = 2 << 20
        let speed: Int64 = 1 << 20
        try await world.disk("src", contents: [UInt8](repeating: 1, count: length))
        try await world.disk("dst", length: Int64(length))
        let job = BlockJobOptions(id: "j", speed: speed)
        if mirror {
            try await world.jobs.startMirror(MirrorOptions(job: job, device: "src", target: "dst", sync: .full))
        } else {
            try await world.jobs.startBackup(BackupOptions(job: job, device: "src", target: "dst", sync: .full))
        }
        // Moves time only when the job can do nothing more without it.
        let samples = try await within { () async -> [(time: UInt64, bytes: Int64)] in
            var samples: [(time: UInt64, bytes: Int64)] = []
            while let info = await world.info("j"), info.currentProgress < Int64(length) {
                while await world.registry.blockJobs.first?.busy == true { await Task.yield() }
                guard let next = clock.nextDeadline else {
                    await Task.yield()
                    continue
                }
                samples.append((clock.now, await world.info("j")?.currentProgress ?? 0))
                clock.move(to: next)
                await world.registry.settle()
            }
            return samples
        }
        for sample in samples {
            let later = samples.last { $0.time <= sample.time + RateLimiter.window } ?? sample
            let share = Double(speed) / 4
            #expect(Double(later.bytes - sample.bytes) <= max(share * 1.1, share + 65536) + 65536, "at \(sample.time)")
        }
        let log = await world.with("dst") { $0.log.filter { $0.operation == .write }.map(\.count) }
        #expect(log.allSatisfy { $0 <= 65536 }, "chunks shrink at low speeds")
        let seconds = Double(clock.now - 1_000_000_000) / 1e9
        #expect(seconds > 1.7 && seconds < 2.3, "2 MiB at 1 MiB/s took \(seconds) s")
    }
}

extension JobRegistry {
    /// Returns when what was enqueued before has run.
    func settle() {}
}
