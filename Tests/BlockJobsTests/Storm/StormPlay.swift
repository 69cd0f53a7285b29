import Dispatch
import IOLoop
import Jobs
import Storage
import TestSupport

@testable import BlockGraph
@testable import BlockJobs

/// Plays one scene and judges it.
struct StormPlay: Sendable {
    /// What came of it.
    struct Report: Sendable {
        /// What is wrong, with what was done; empty when all is well.
        var faults: [String]
        let digest: UInt64
        let answers: Int
        let longestWait: Int
        let counts: [String: Int]
    }

    let scene: StormScene
    private let world: StormWorld
    private let ledger: StormLedger
    private let volumes: [StormVolume]

    init(_ scene: StormScene) throws {
        self.scene = scene
        let world = try StormWorld()
        let ledger = world.ledger
        (self.world, self.ledger) = (world, ledger)
        volumes = scene.volumes.indices.map { StormVolume($0, scene: scene, world: world, ledger: ledger) }
    }

    /// Plays it on a thread of its own.
    func callAsFunction() async -> Report {
        await withCheckedContinuation { done in
            world.thread.task { io in
                world.lane.enter()
                let isOver = Guarded(false)
                world.thread.task { _ in
                    await act()
                    isOver.withLock { $0 = true }
                }
                let schedule = StormSchedule(world: world, ledger: ledger, haste: scene.haste, hangsDisks: scene.hangsDisks)
                let stall = await schedule.run(seed: scene.seed &+ 2, on: io, isOver: isOver)
                let report = report(stall)
                world.lane.leave()
                // From another thread, so that the test goes on in the global pool.
                DispatchQueue.global().async { done.resume(returning: report) }
            }
        }
    }

    private func report(_ stall: String?) -> Report {
        var faults = ledger.findings
        if let stall { faults.append(stall) }
        if !faults.isEmpty {
            faults = ["\(scene)", "steps:"] + ledger.steps.map { "  \($0)" } + ["events: \(world.log.text)", "faults:"] + faults
        }
        return Report(
            faults: faults, digest: ledger.digest, answers: ledger.answered, longestWait: ledger.longestWait, counts: ledger.counts)
    }

    private func act() async {
        do {
            var limits = ThrottleRates()
            limits[.bytesTotal].average = 8 << 20
            try world.groups.add(StormVolume.group, limits: limits)
            for volume in volumes { try await volume.build() }
            let names = await world.nodeNames()
            for volume in volumes { try await volume.start() }
            world.begin()
            await withTaskGroup(of: Void.self) { group in
                for volume in volumes {
                    let client = StormClient(volume: volume, world: world, ledger: ledger, scene: scene)
                    group.addTask { await client.run() }
                }
                let visitor = StormVisitor(volumes: volumes, world: world, ledger: ledger, scene: scene)
                group.addTask { await visitor.run() }
            }
            world.calmDown()
            for volume in volumes { try await volume.finish() }
            await lookForRemains(names)
            await ledger.awaiting("the end") { await world.graph.closeAll() }
            await checkImages()
        } catch {
            ledger.find("\(error)")
        }
    }

    /// Jobs, filters, users and reservations are gone.
    private func lookForRemains(_ names: [String]) async {
        for job in await world.registry.jobs { ledger.find("\(job.id) is still \(job.status)") }
        if scene.hangsDisks {
            // A job that was cancelled while a disk hung lets go when the disk has answered, beside everything else.
            await ledger.awaiting("cancelled jobs let go") { while await world.graph.remains().users > 0 { await ledger.pause(50) } }
        }
        let (users, drains, filters) = await world.graph.remains()
        if users > 0 { ledger.find("\(users) users are left") }
        if drains > 0 { ledger.find("\(drains) drains are left") }
        if !filters.isEmpty { ledger.find("filters are left: \(filters)") }
        await ledger.awaiting("nothing is reserved") { await world.graph.reserveAll() }
    }

    private func checkImages() async {
        for (name, disk) in world.disks.compactMap({ disk in disk.name.hasSuffix("-file") ? (disk.name, disk) : nil }) {
            let image = await world.thread.run { _ in disk.storage.value.contents }
            do {
                if let fault = try await StormImages.fault(in: image) { ledger.find("\(name): \(fault)") }
            } catch {
                ledger.find("\(name): \(error)")
            }
        }
    }
}

extension BlockGraph {
    fileprivate func remains() -> (users: Int, drains: Int, filters: [String]) {
        (table.allUsers.count, drains.count, topology.nodes.values.filter(\.isJobFilter).map(\.name))
    }

    fileprivate func reserveAll() async {
        await withReservation(of: topology.nodes.values.map(\.name)) { (_: inout Reservation) async in }
    }
}
