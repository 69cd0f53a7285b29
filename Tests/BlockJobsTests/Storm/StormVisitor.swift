import BlockGraph
import Storage
import TestSupport

@testable import BlockJobs

/// Another client, who knows nothing of the jobs: it opens again, resizes, limits and looks, whatever goes on.
struct StormVisitor: Sendable {
    let volumes: [StormVolume]
    let world: StormWorld
    let ledger: StormLedger
    let scene: StormScene

    func run() async {
        var generator = SeededGenerator(seed: scene.seed &* 77)
        for _ in 0..<Int.random(in: 0...10, using: &generator) {
            await ledger.pause(Int.random(in: 1...120, using: &generator))
            await act(&generator)
        }
    }

    private func act(_ generator: inout SeededGenerator) async {
        guard let volume = volumes.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0...2: await reopenSome(&generator)
        case 3: await resize(volume, &generator)
        case 4: await changeLimits(&generator)
        case 5: await look(volume)
        case 6: await ledger.command("query") { _ = await world.graph.nodes() }
        default: await takeInternalSnapshot(volume)
        }
    }

    /// Several images in one step, or one.
    private func reopenSome(_ generator: inout SeededGenerator) async {
        let count = Int.random(in: 1...3, using: &generator)
        let images = volumes.flatMap(\.images).shuffled(using: &generator).prefix(count)
        let entry: Int64 = Bool.random(using: &generator) ? 512 : 1024
        await ledger.command("reopen some", "\(images.map(\.name)) \(entry)") {
            try await world.graph.reopen(images.map { StormWorld.image($0.name, entry: entry, backing: $0.backing) })
        }
    }

    /// Longer, or as long as at first: guests use only that.
    private func resize(_ volume: StormVolume, _ generator: inout SeededGenerator) async {
        let length = StormScene.length + Int.random(in: 0...3, using: &generator) << 16
        let top = volume.top
        await ledger.command("resize", "\(top) \(length)") { try await world.graph.resize(top, to: Int64(length)) }
    }

    private func changeLimits(_ generator: inout SeededGenerator) async {
        var limits = ThrottleRates()
        limits[.bytesTotal].average = [0, 4 << 20, 64 << 20].randomElement(using: &generator) ?? 0
        await ledger.command("limits", "\(limits[.bytesTotal].average)") { world.groups.group(StormVolume.group)?.setLimits(limits) }
    }

    /// A reader comes, looks and goes.
    private func look(_ volume: StormVolume) async {
        let top = volume.top
        await ledger.command("look", top) {
            let user = try await world.user(of: top, writes: false)
            do throws(BlockError) {
                _ = try await user.read(at: 0, count: 4096)
            } catch {
                if !scene.hasFaults, !scene.hangsDisks { ledger.find("a reader fails: \(error)") }
            }
            await world.graph.detach(user)
        }
    }

    private func takeInternalSnapshot(_ volume: StormVolume) async {
        let (top, name) = (volume.top, volume.newName("s"))
        await ledger.command("internal snapshot", "\(top) \(name)") {
            try await world.jobs.snapshot(InternalSnapshotOptions(node: top, name: name, date: SnapshotDate(seconds: 1, nanoseconds: 0)))
        }
    }
}
