import BlockGraph
import IOLoop
import TestSupport

@testable import BlockJobs

/// A client of one volume: it makes copies of it, one after the other, and disturbs each.
struct StormClient: Sendable {
    let volume: StormVolume
    let world: StormWorld
    let ledger: StormLedger
    let scene: StormScene

    func run() async {
        var generator = SeededGenerator(seed: scene.seed &* 1000 &+ UInt64(volume.number))
        for number in 0..<scene.copies {
            if Int.random(in: 0..<3, using: &generator) == 0 { await takeSnapshot(&generator) }
            let copy = StormCopy(
                "j\(volume.number)\(number)", work: work(&generator), volume: volume, world: world, ledger: ledger, scene: scene)
            guard await copy.start(&generator) else { continue }
            let seed = generator.next()
            let reopening = seed % 3 == 0 ? world.thread.task { _ in await copy.reopenAlways(seed: seed) } : nil
            for _ in 0..<Int.random(in: 0...6, using: &generator) { await copy.disturb(&generator) }
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: await copy.cancel(force: true)
            case 1: await copy.askForEnd(complete: false)
            default: await copy.askForEnd(complete: true)
            }
            await copy.wait()
            await reopening?.value
            await copy.judge()
        }
    }

    private func work(_ generator: inout SeededGenerator) -> StormCopy.Work {
        switch Int.random(in: 0..<(scene.hasFaults ? 5 : 8), using: &generator) {
        case 0...2: .backup
        case 3: .fleecing
        case 4: scene.isRestless ? .backup : .mirror(.background)
        case 5: .mirror(scene.isRestless ? .writeBlocking : .background)
        default: .mirror(.writeBlocking)
        }
    }

    /// An overlay takes the place of the node that guests use.
    private func takeSnapshot(_ generator: inout SeededGenerator) async {
        let (base, overlay) = (volume.top, volume.newName("o"))
        let seed = UInt64.random(in: 1...1000, using: &generator)
        let first = volume.model.moment()
        let isTaken = await ledger.command("snapshot", "\(base) \(overlay)") {
            try await world.addImage(overlay, length: Int(try await world.graph.length(of: base)), seed: seed)
            try await world.jobs.snapshot(SnapshotOptions(node: base, overlay: .node(overlay)))
        }
        guard isTaken else { return }
        volume.add(image: overlay, backing: base)
        await volume.move(to: overlay, at: first...volume.model.moment())
    }
}
