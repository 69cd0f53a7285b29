import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// Every policy, by error, by side, for both copying jobs.
@Suite(.serialized) struct ErrorPolicyTests {
    enum Kind: String, CaseIterable { case backup, mirror }
    struct Case: CustomStringConvertible {
        let kind: Kind
        let side: IOOperation
        let errno: Int32
        let policy: ErrorPolicy
        var description: String { "\(kind) \(side) errno \(errno) \(policy)" }
        static let all = Kind.allCases.flatMap { kind in
            IOOperation.allCases.flatMap { side in
                [5, 28].flatMap { errno in
                    ErrorPolicy.allCases.map { Case(kind: kind, side: side, errno: errno, policy: $0) }
                }
            }
        }
    }

    private static let length = 1 << 18

    private func start(_ world: World, _ kind: Kind, source: ErrorPolicy = .report, target: ErrorPolicy = .report) async throws {
        switch kind {
        case .backup:
            try await world.jobs.startBackup(
                BackupOptions(
                    job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full, onSourceError: source, onTargetError: target))
        case .mirror:
            try await world.jobs.startMirror(
                MirrorOptions(
                    job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full, onSourceError: source, onTargetError: target))
        }
    }

    private func world() async throws -> World {
        let world = try World()
        try await world.disk("src", contents: [UInt8](repeating: 0x5A, count: Self.length))
        try await world.disk("dst", length: Int64(Self.length))
        return world
    }

    private func end(_ world: World, _ kind: Kind) async throws {
        if kind == .mirror {
            await world.log.wait(for: "j:READY")
            try await world.registry.complete("j", via: .job)
        }
        await world.log.wait(for: "j:N")
    }

    private func expected(_ test: Case, _ middle: String) -> String {
        switch test.kind {
        case .backup: "j:C j:R j:paused j:R \(middle) j:W j:P j:OK j:Cc j:N"
        case .mirror: "j:C j:R \(middle) j:ready j:READY j:W j:P j:OK j:Cc j:N"
        }
    }

    @Test(arguments: Case.all)
    func `an error once`(test: Case) async throws {
        let world = try await world()
        let disk = test.side == .read ? "src" : "dst"
        let errno = test.errno
        await world.with(disk) { $0.fail(test.side == .read ? .read : .write, errno: errno) }
        try await start(
            world, test.kind, source: test.side == .read ? test.policy : .report, target: test.side == .write ? test.policy : .report)
        let stops = test.policy == .stop || errno == 28 && (test.policy == .enospc || test.policy == .auto)
        if stops {
            try await within { await world.log.wait(for: "j:ERROR{\(test.side.rawValue),stop}") }
            try await within { while await world.info("j")?.status != .paused { await Task.yield() } }
            #expect(await world.registry.blockJobs.first?.ioStatus == (errno == 28 ? .nospace : .failed), "\(test)")
            try await world.registry.resume("j", via: .blockJob)
            try await within { try await end(world, test.kind) }
            #expect(world.log.text == expected(test, "j:ERROR{\(test.side.rawValue),stop} j:paused j:R"), "\(test)")
        } else if test.policy == .ignore {
            try await within { try await end(world, test.kind) }
            #expect(world.log.text == expected(test, "j:ERROR{\(test.side.rawValue),ignore}"), "\(test)")
        } else {
            try await within { await world.log.wait(for: "j:N") }
            let message = errno == 28 ? "No space left on device" : "Input/output error"
            let begin = test.kind == .backup ? "j:C j:R j:paused j:R" : "j:C j:R"
            #expect(
                world.log.text == "\(begin) j:ERROR{\(test.side.rawValue),report} j:aborting j:OK{\(message)} j:Cc j:N", "\(test)")
            #expect(await world.nodeNames() == ["dst", "src"])
            return
        }
        #expect(await world.contents("dst") == world.contents("src"), "\(test)")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test(arguments: Kind.allCases)
    func `torn writes are written again`(kind: Kind) async throws {
        let world = try await world()
        await world.with("dst") {
            $0.tearsFailedWrites = true
            $0.fail(.write, errno: 5, times: 3)
        }
        try await start(world, kind, target: .ignore)
        try await within { try await end(world, kind) }
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test(arguments: Kind.allCases)
    func `a flush that fails is the target's error`(kind: Kind) async throws {
        let world = try await world()
        await world.with("dst") { $0.fail(.flush, errno: 5) }
        try await start(world, kind)
        try await within { await world.log.wait(for: "j:N") }
        #expect(world.log.text.hasSuffix("j:ERROR{write,report} j:aborting j:OK{Input/output error} j:Cc j:N"))
    }

    @Test func `a full target goes on when it has space again`() async throws {
        let world = try await world()
        await world.with("dst") { $0.capacity = Int64(Self.length / 2) }
        try await start(world, .backup, target: .enospc)
        try await within { while await world.info("j")?.status != .paused || !world.log.text.contains("stop") { await Task.yield() } }
        await world.with("dst") { $0.capacity = nil }
        try await world.registry.resume("j", via: .job)
        try await within { await world.log.wait(for: "j:N") }
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test func `a guest's write fails when its old data cannot be saved, or the backup does`() async throws {
        for policy in CopyBeforeWriteErrorPolicy.allCases {
            let world = try await world()
            let guest = try await world.guest(of: "src")
            try await world.jobs.startBackup(
                BackupOptions(
                    job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .none, onCopyBeforeWriteError: policy))
            await world.with("dst") { $0.fail(.write, errno: 5, times: nil) }
            switch policy {
            case .breakGuestWrite:
                await #expect(throws: BlockError.self) { try await guest.write([1], at: 0) }
                #expect(await world.contents("src")[0] == 0x5A)
                await world.with("dst") { $0.heal() }
                try await guest.write([1], at: 0)
                #expect(await world.contents("dst")[0] == 0x5A)
                try await world.registry.cancel("j", force: true, via: .job)
                await world.log.wait(for: "j:N")
            case .breakSnapshot:
                try await guest.write([1], at: 0)
                #expect(await world.contents("src")[0] == 1)
                try await within { await world.log.wait(for: "j:N") }
                #expect(world.log.text.hasSuffix("j:aborting j:OK{Input/output error} j:Cc j:N"))
            }
        }
    }

    @Test func `a write-blocking mirror's failure is the job's, not the guest's`() async throws {
        let world = try await world()
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(
            MirrorOptions(
                job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full, onTargetError: .stop, copyMode: .writeBlocking))
        await world.log.wait(for: "j:READY")
        await world.with("dst") { $0.fail(.write, errno: 28) }
        try await guest.write([1, 2], at: 10)
        try await within { while await world.info("j")?.status != .standby { await Task.yield() } }
        #expect(world.log.words.contains("j:ERROR{write,stop}"))
        try await world.registry.resume("j", via: .job)
        try await world.registry.complete("j", via: .job)
        try await within { await world.log.wait(for: "j:N") }
        #expect(await world.contents("dst") == world.contents("src"), "what failed was copied again before the pivot")
    }
}

extension IOOperation {
    static let allCases: [IOOperation] = [.read, .write]
}
