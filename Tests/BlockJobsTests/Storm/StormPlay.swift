import BlockGraph
import Jobs
import Storage
import TestSupport

@testable import BlockJobs

/// Plays one scene and judges it.
struct StormPlay: Sendable {
    let scene: StormScene
    let world: World
    let findings = Guarded<[String]>([])
    private let isOver = Guarded(false)
    private let steps = Guarded<[String]>([])

    init(_ scene: StormScene) throws {
        self.scene = scene
        world = try World(
            graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)),
            clock: { StepClock($0) })
    }

    /// - Returns: what is wrong, with what was done.
    func play() async throws -> [String] {
        let model = try await scene.build(world)
        let names = await world.nodeNames()
        let schedule = StormSchedule(world: world)
        await schedule.hold()
        if scene.hasFaults { await breakDisk() }
        let isPlayed = Guarded(false)
        let acting = Task {
            defer { isPlayed.withLock { $0 = true } }
            try await act(model)
        }
        if let stall = await schedule.run(seed: scene.seed &+ 2, isOver: isPlayed) {
            isOver.withLock { $0 = true }
            let jobs = await world.registry.jobs.map { "\($0.id) \($0.status)" }
            return ["\(scene)", "steps \(steps.withLock { $0 })", stall, "jobs \(jobs)", "log \(world.log.text)"]
        }
        await schedule.end()
        try await acting.value
        let left = await world.nodeNames()
        if left != names { find("nodes \(left) instead of \(names)") }
        await world.graph.closeAll()
        for name in ["src", "dst"] where name == "src" ? scene.isSourceQcow2 : scene.isTargetQcow2 {
            if let fault = try await StormImages.fault(in: world.contents("\(name)-file")) { find("\(name): \(fault)") }
        }
        let found = findings.withLock { $0 }
        return found.isEmpty ? [] : ["\(scene)", "steps \(steps.withLock { $0 })", "log \(world.log.text)"] + found
    }

    private func find(_ text: String) { findings.withLock { $0.append(text) } }
    private func step(_ text: String) { steps.withLock { $0.append(text) } }

    private func breakDisk() async {
        var generator = SeededGenerator(seed: scene.seed &+ 3)
        let skipped = Int.random(in: 0..<20, using: &generator)
        let times = Int.random(in: 1...2, using: &generator)
        await world.with(scene.isTargetQcow2 ? "dst-file" : "dst") { disk in
            disk.tearsFailedWrites = true
            disk.fail(.write, errno: 5, skipping: skipped, times: times)
        }
    }

    private func act(_ model: StormModel) async throws {
        let user = try await world.guest(of: scene.top)
        let guest = StormGuest(user: user, model: model, sectors: StormScene.sectors, findings: findings)
        let writers = (0..<scene.depth).map { number in
            Task { await guest.run(seed: scene.seed &* 100 &+ UInt64(number), quota: scene.quota, isOver: isOver) }
        }
        let began = model.moment()
        try await start()
        let begun = model.moment()
        step("started")
        var late: (user: NodeUser, task: Task<Void, Never>)?
        if scene.hasLateGuest {
            // It attaches to the node on which the job works.
            let user = try await world.guest(of: scene.top)
            let guest = StormGuest(user: user, model: model, sectors: StormScene.sectors, findings: findings)
            late = (user, Task { await guest.run(seed: scene.seed &+ 99, quota: min(scene.quota, 30), isOver: isOver) })
            step("late guest")
        }
        await disturb()
        let asked = model.moment()
        let isGood = await finish()
        let over = model.moment()
        isOver.withLock { $0 = true }
        for writer in writers { await writer.value }
        await late?.task.value
        try await judge(model, user, isGood: isGood, moments: (began...begun, asked...over))
        await world.graph.detach(user)
        if let late { await world.graph.detach(late.user) }
    }

    private func start() async throws {
        let job = BlockJobOptions(id: "j")
        switch scene.work {
        case .backup(let sync):
            try await world.jobs.startBackup(
                BackupOptions(
                    job: job, device: scene.top, target: "dst", sync: sync,
                    performance: .init(maxWorkers: Int64(scene.seed % 4 + 1), maxChunk: 65536)))
        case .mirror(let mode, _):
            try await world.jobs.startMirror(
                MirrorOptions(job: job, device: scene.top, target: "dst", sync: .full, bufferSize: 131_072, copyMode: mode))
        }
    }

    /// Verbs and reopenings while the job works; what comes too late for a verb is refused.
    private func disturb() async {
        var generator = SeededGenerator(seed: scene.seed &+ 4)
        for number in 0..<scene.reopens {
            if Int.random(in: 0..<3, using: &generator) == 0 {
                do {
                    try await world.registry.pause("j", via: .job)
                    step("pause")
                    try await world.registry.resume("j", via: .job)
                    step("resume")
                } catch { step("verb refused") }
            }
            let name = Bool.random(using: &generator) ? "src" : "dst"
            guard name == "src" ? scene.isSourceQcow2 : scene.isTargetQcow2 else { continue }
            do {
                try await world.graph.reopen([StormScene.qcow2(name, hasWholeTables: number % 2 == 0)])
                step("reopen \(name)")
            } catch { step("reopen \(name): \(error)") }
        }
    }

    /// Asks the job to end and waits for it.
    /// - Returns: whether it says that its copy is good.
    private func finish() async -> Bool {
        switch scene.work {
        case .backup(.none):
            do { try await world.registry.cancel("j", force: true, via: .job) } catch { step("cancel refused") }
        case .backup: break
        case .mirror(_, let isCompleted):
            await world.log.wait { $0.contains("j:READY") || $0.contains("j:N") }
            step("ready")
            do {
                if isCompleted {
                    try await world.registry.complete("j", via: .blockJob)
                } else {
                    try await world.registry.cancel("j", force: false, via: .blockJob)
                }
            } catch { step("end refused") }
        }
        await world.log.wait(for: "j:N")
        step("ended")
        return world.log.words.contains("j:OK")
    }

    private typealias Moments = (start: ClosedRange<Int>, end: ClosedRange<Int>)

    private func judge(_ model: StormModel, _ user: NodeUser, isGood: Bool, moments: Moments) async throws {
        let now = model.moment()
        let seen = try await user.read(at: 0, count: StormScene.length)
        if let wrong = model.firstWrong(in: seen, at: now...model.moment()) { find("guests see in the end: \(wrong)") }
        guard isGood else { return }
        let span: ClosedRange<Int>
        switch scene.work {
        case .backup(.full): span = moments.start
        case .mirror(_, isCompleted: false): span = moments.end
        // The guests are on the target now, and its bytes are what they see.
        case .backup, .mirror(_, isCompleted: true): return
        }
        let reader = try await world.graph.attach(
            NodeUserSpec(permissions: Permissions(held: .consistentRead, shared: .all)), to: "dst")
        let copied = try await reader.read(at: 0, count: StormScene.length)
        if let wrong = model.firstWrong(in: copied, at: span) { find("the copy: \(wrong)") }
        await world.graph.detach(reader)
    }
}
