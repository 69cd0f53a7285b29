import BlockGraph
import IOLoop
import TestSupport

/// Lets one disk request after the other go on, by the seed, whenever nobody can do anything else: nothing depends on how quick a disk is.
struct StormSchedule: Sendable {
    let world: World

    /// How many releases in a row nobody is to wait for, and how often nothing at all may be there to release.
    private static let mostReleases = 6000
    private static let mostIdleRounds = 1500

    /// From now on each request waits until the schedule lets it go.
    func hold() async { await world.withDisks { disks in for disk in disks { disk.hang(next: nil, times: nil) } } }

    /// Lets all go.
    func end() async {
        await world.withDisks { disks in
            for disk in disks {
                disk.heal()
                disk.release()
            }
        }
    }

    /// Plays until `isOver`.
    /// - Returns: why it gave up, or nil.
    func run(seed: UInt64, isOver: Guarded<Bool>) async -> String? {
        var generator = SeededGenerator(seed: seed)
        var (releases, idle) = (0, 0)
        while !isOver.withLock({ $0 }) {
            await settle()
            // Several in one turn of the loop, so that ends meet.
            let choices = (0..<Int.random(in: 1...6, using: &generator)).map { _ in Int.random(in: 0..<1 << 20, using: &generator) }
            let released = await world.withDisks { disks in
                choices.count { choice in
                    let hanging = disks.filter { $0.hangingCount > 0 }
                    guard !hanging.isEmpty else { return false }
                    let disk = hanging[choice % hanging.count]
                    disk.release(at: (choice >> 4) % disk.hangingCount)
                    return true
                }
            }
            releases += released
            idle = released == 0 ? idle + 1 : 0
            if released == 0, let clock = world.clock as? StepClock, let next = clock.nextDeadline { clock.move(to: next) }
            if releases > Self.mostReleases { return "no end after \(releases) requests" }
            if idle > Self.mostIdleRounds { return "nobody goes on though no disk owes an answer" }
        }
        return nil
    }

    private func settle() async {
        for _ in 0..<8 {
            await world.threads[0].run { _ in await Task.yield() }
            _ = await world.graph.contains("src")
            await Task.yield()
        }
    }
}
