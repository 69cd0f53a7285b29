import BlockGraph
import Jobs
import Storage
import TestSupport

@testable import BlockJobs

/// One job of a storm: how it is begun and ended, and what its copy must then be.
struct StormCopy: Sendable {
    enum Work: Sendable, Equatable {
        case backup
        /// A backup of nothing into an overlay of its source: what is read there is of the moment in which it began.
        case fleecing
        case mirror(MirrorCopyMode)
    }

    /// What is copied: all, or only the topmost image, onto an overlay of the same backing node.
    private enum Extent {
        case full
        case top(backing: String)

        var sync: SyncMode { if case .top = self { .top } else { .full } }
        var backing: String? { if case .top(let node) = self { node } else { nil } }
    }

    let id: String
    let work: Work
    let volume: StormVolume
    let world: StormWorld
    let ledger: StormLedger
    let scene: StormScene
    /// The node that is copied, and the one that is written.
    let source: String
    let target: String
    private let state = Guarded(State())

    private struct State {
        var began = 0...0
        /// Before anybody asked for the end.
        var asked: Int?
    }

    init(_ id: String, work: Work, volume: StormVolume, world: StormWorld, ledger: StormLedger, scene: StormScene) {
        self.id = id
        self.work = work
        self.volume = volume
        self.world = world
        self.ledger = ledger
        self.scene = scene
        source = volume.top
        target = volume.newName("t")
    }

    /// Makes the target and starts the job.
    /// - Returns: whether it was started.
    func start(_ generator: inout SeededGenerator) async -> Bool {
        let isQcow2 = Bool.random(using: &generator)
        let seed = UInt64.random(in: 1...1000, using: &generator)
        let extent = self.extent(&generator)
        let isMade = await ledger.command("make", "\(target) \(extent.sync)") {
            try await volume.make(target, isQcow2: isQcow2, backing: work == .fleecing ? source : extent.backing, seed: seed)
        }
        guard isMade else { return false }
        if scene.hasFaults { breakDisks(&generator) }
        let options = Self.options(id, &generator)
        let policy = Self.policy(&generator)
        let speed = options.speed > 0 ? " speed \(options.speed)" : ""
        let first = volume.model.moment()
        defer { state.withLock { $0.began = first...volume.model.moment() } }
        switch work {
        case .backup, .fleecing:
            let workers: Int64 = [1, 1, 2, 8].randomElement(using: &generator) ?? 1
            let onError: CopyBeforeWriteErrorPolicy =
                work == .backup && Bool.random(using: &generator) ? .breakSnapshot : .breakGuestWrite
            let backup = BackupOptions(
                job: options, device: source, target: target, sync: work == .backup ? extent.sync : .none, onSourceError: policy,
                onTargetError: policy, onCopyBeforeWriteError: onError, performance: .init(maxWorkers: workers, maxChunk: 65536))
            let kind = work == .backup ? "backup" : "fleecing"
            let text = "\(id) \(source) \(target)\(speed) \(policy)"
            // With sync=top it would be the new overlay that counts as topmost, as in QEMU.
            let mayJoin = extent.backing == nil
            if mayJoin, Int.random(in: 0..<5, using: &generator) == 0 { return await start(backup, kind, text, seed: seed, first: first) }
            return await ledger.command(kind, text) { try await world.jobs.startBackup(backup) }
        case .mirror(let mode):
            let granularity = [nil, 4096, 65536].randomElement(using: &generator) ?? nil
            let buffer = Int64.random(in: 1...8, using: &generator) << 17
            return await ledger.command("mirror", "\(id) \(source) \(target) \(mode)\(speed) \(policy)") {
                try await world.jobs.startMirror(
                    MirrorOptions(
                        job: options, device: source, target: target, sync: extent.sync, granularity: granularity.map { Int64($0) },
                        bufferSize: buffer, onSourceError: policy, onTargetError: policy, copyMode: mode))
            }
        }
    }

    private func extent(_ generator: inout SeededGenerator) -> Extent {
        guard work != .fleecing, Bool.random(using: &generator), let backing = volume.images.first(where: { $0.name == source })?.backing
        else { return .full }
        return .top(backing: backing)
    }

    /// Starts a backup and takes a snapshot of its source at the same moment.
    private func start(_ backup: BackupOptions, _ kind: String, _ text: String, seed: UInt64, first: Int) async -> Bool {
        let overlay = volume.newName("o")
        let isDone = await ledger.command("\(kind) and snapshot", "\(text) \(overlay)") {
            try await world.addImage(overlay, length: Int(try await world.graph.length(of: source)), seed: seed)
            try await world.jobs.run(
                Transaction([.backup(backup), .snapshot(SnapshotOptions(node: source, overlay: .node(overlay)))]))
        }
        guard isDone else { return false }
        volume.add(image: overlay, backing: source)
        await volume.move(to: overlay, at: first...volume.model.moment())
        return true
    }

    private static func options(_ id: String, _ generator: inout SeededGenerator) -> BlockJobOptions {
        let isSlow = Int.random(in: 0..<3, using: &generator) == 0
        return BlockJobOptions(
            id: id, speed: isSlow ? Int64.random(in: 8...64, using: &generator) << 20 : 0,
            autoFinalize: Int.random(in: 0..<3, using: &generator) > 0, autoDismiss: Int.random(in: 0..<3, using: &generator) > 0)
    }

    private static func policy(_ generator: inout SeededGenerator) -> ErrorPolicy {
        [.report, .ignore, .ignore, .stop, .stop, .enospc].randomElement(using: &generator) ?? .report
    }

    /// Some disks fail now and then for a while, or the target often.
    private func breakDisks(_ generator: inout SeededGenerator) {
        let isTargetBad = Bool.random(using: &generator)
        for disk in world.disks where disk.name.hasPrefix(target) || disk.name.hasPrefix(volume.name) {
            let isTarget = disk.name.hasPrefix(target)
            disk.faultsUntil = ledger.answered + 800
            if isTargetBad {
                disk.faults = isTarget ? Int.random(in: 50...400, using: &generator) : 0
            } else {
                disk.faults = Int.random(in: 0..<3, using: &generator) == 0 ? Int.random(in: 1...60, using: &generator) : 0
            }
        }
    }

    /// Asks for the job's own kind of end; mirrors are waited for until they are ready.
    func askForEnd(complete: Bool) async {
        switch work {
        case .backup: return
        case .fleecing: await cancel(force: true)
        case .mirror:
            await waitFor("\(id) is ready") { isReady }
            noteAsked()
            if complete {
                await ledger.command("complete", id) { try await world.registry.complete(id, via: .job) }
            } else {
                await cancel(force: false)
            }
        }
    }

    func cancel(force: Bool) async {
        noteAsked()
        await ledger.command("cancel", "\(id) force \(force)") {
            try await world.registry.cancel(id, force: force, via: force ? .job : .blockJob)
        }
    }

    private func noteAsked() {
        let now = volume.model.moment()
        state.withLock { if $0.asked == nil { $0.asked = now } }
    }

    private var isReady: Bool { world.log.words.contains("\(id):READY") }
    private var isConcluded: Bool { world.log.words.contains("\(id):Cc") || isOver }
    private var isOver: Bool { world.log.words.contains("\(id):N") }

    /// Waits for the job's end, finalizing and dismissing it where it waits for that.
    func wait() async { await waitFor("\(id) is over") { isOver } }

    /// Waits for a job, or its end; does for it what it waits for itself, and resumes it where an error has stopped it.
    private func waitFor(_ what: String, until isThere: () -> Bool) async {
        let enough = ledger.answered + 300
        await ledger.awaiting(what) {
            while !isOver, !isThere() {
                // Guests that never rest may keep a mirror from ever being equal, but for one that copies all they do.
                if !scene.isRestless, ledger.answered > enough { volume.rest() }
                switch await world.info(id)?.status {
                case .pending: await ledger.command("finalize", id) { try await world.registry.finalize(id, via: .job) }
                case .concluded: await ledger.command("dismiss", id) { try await world.registry.dismiss(id, via: .job) }
                case .paused, .standby: await ledger.command("resume", id) { try await world.registry.resume(id, via: .job) }
                default: break
                }
                if !isOver, !isThere() { await ledger.pause(50) }
            }
        }
        volume.wake()
    }

    /// Compares the copy with the model; follows the guests where the job has moved them.
    func judge() async {
        let over = volume.model.moment()
        let (began, asked) = state.withLock { ($0.began, $0.asked) }
        if let user = volume.user, await world.graph.nodeName(of: user) == target {
            await volume.move(to: target, at: (asked ?? began.upperBound)...over)
        }
        // What is looked at now is the copy, not how it is read.
        for disk in world.disks where disk.name.hasPrefix(target) { disk.faults = 0 }
        let words = world.log.words
        let isGood = words.contains("\(id):OK")
        // The source may have been resized since its target was made.
        let isRefused = words.contains("\(id):CAN") || words.contains { $0.hasPrefix("\(id):OK{") && $0.contains("different sizes") }
        if !isGood, !scene.hasFaults, !scene.hangsDisks, !isRefused { ledger.find("\(id) fails without a fault") }
        guard isGood else { return }
        switch work {
        case .fleecing: return
        case .backup: await compare(target, with: began)
        case .mirror:
            // Since a pivot the guests are on the target, and the source stays as it was then, which is looked at in the end.
            if volume.top != target { await compare(target, with: (asked ?? began.upperBound)...over) }
        }
    }

    private func compare(_ node: String, with span: ClosedRange<Int>) async {
        if scene.hasFaults { for disk in world.disks where disk.name.hasPrefix(volume.name) { disk.faults = 0 } }
        await ledger.command("judge", node) { try await volume.compare(node, with: span, "\(id), \(work), node \(node)") }
    }

    /// While a fleecing backup lives, a reader of its target sees the moment.
    func readers(_ generator: inout SeededGenerator) async {
        guard work == .fleecing else { return }
        let span = state.withLock { $0.began }
        await ledger.command("fleecing reader", target) {
            let reader = try await world.user(of: target, writes: false)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                await volume.read(reader, at: span, "a reader of \(target)", &generator)
            }
            await world.graph.detach(reader)
        }
    }

    /// A verb or a change of the graph while the job works; what comes too early or too late is refused.
    func disturb(_ generator: inout SeededGenerator) async {
        let registry = world.registry
        switch Int.random(in: 0..<12, using: &generator) {
        case 0, 1: await pauseAndResume()
        case 2:
            let speed = Int64.random(in: 8...64, using: &generator) << 20
            await ledger.command("set-speed", "\(id) \(speed)") { try await registry.setSpeed(id, speed) }
        case 3...6: for _ in 0..<4 where !isOver { await reopen(&generator) }
        case 7: await volume.addLateGuest(&generator)
        case 8: await volume.removeLateGuest()
        case 9: await ledger.command("change", id) { try await registry.change(id, .mirror(writeBlocking: true)) }
        case 10: await volume.lookAtMoment(&generator)
        default:
            // Some answers later.
            let enough = ledger.answered + Int.random(in: 10...100, using: &generator)
            while ledger.answered < enough, !isOver { await ledger.pause(5) }
        }
        await readers(&generator)
    }

    /// Opens the source or the target again, time after time, as long as the job lives.
    func reopenAlways(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        let own = volume.images.filter { $0.name == source || $0.name == target }
        for number in 0..<40 where !isOver {
            guard let image = own.randomElement(using: &generator) else { return }
            await ledger.command("reopen always", "\(image.name) \(number)") {
                let entry: Int64 = number % 2 == 0 ? 1024 : 512
                try await world.graph.reopen([StormWorld.image(image.name, entry: entry, backing: image.backing)])
            }
        }
    }

    private func pauseAndResume() async {
        let registry = world.registry
        guard await ledger.command("pause", id, { try await registry.pause(id, via: .job) }) else { return }
        await ledger.awaiting("\(id) is paused") {
            while !isConcluded, let status = await world.info(id)?.status, status == .running || status == .ready {
                await ledger.pause(20)
            }
        }
        await ledger.command("resume", id) { try await registry.resume(id, via: .job) }
    }

    private func reopen(_ generator: inout SeededGenerator) async {
        let images = volume.images
        let own = images.filter { $0.name == source || $0.name == target }
        let isOwn = Int.random(in: 0..<4, using: &generator) > 0 && !own.isEmpty
        guard let image = (isOwn ? own : images).randomElement(using: &generator) else { return }
        let entry: Int64 = Bool.random(using: &generator) ? 512 : 1024
        await ledger.command("reopen", "\(image.name) \(entry)") {
            try await world.graph.reopen([StormWorld.image(image.name, entry: entry, backing: image.backing)])
        }
    }
}
