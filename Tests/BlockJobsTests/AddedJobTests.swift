import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// Overwrites a node with zeroes.
final class WipeJob: StartableJob {
    private let user: NodeUser
    private let graph: BlockGraph

    init(_ user: NodeUser, in graph: BlockGraph) {
        self.user = user
        self.graph = graph
    }

    var taskExecutor: (any TaskExecutor)? { user.thread.taskExecutor }

    func run(_ context: JobContext) async throws(JobFailure) {
        await context.started()
        let user = user
        try await user.thread.run { (io: isolated IOThread) async throws(JobFailure) in
            let node = user.access.value
            let length = node.node.length
            context.progress.setRemaining(length)
            for offset in stride(from: 0, to: length, by: 1 << 20) {
                let count = min(1 << 20, length - offset)
                try await context.rateLimit(Int(count))
                do throws(BlockError) { try await node.writeZeroes(at: offset, count: count) } catch { throw JobFailure(error) }
                context.progress.advance(by: count)
            }
        }
    }

    func release() async { await graph.detach(user) }

    static func member(_ id: String, of node: String, by starter: isolated BlockJobStarter) -> JobMember {
        let graph = starter.graph
        let creation = JobCreation(JobParameters(id: id, type: .amend), in: starter.registry)
        return JobMember(creation) { (_) async throws(BlockJobError) in
            let spec = NodeUserSpec(kind: .job(id: id, type: "wipe"), permissions: Permissions(held: .write, shared: .consistentRead))
            do throws(BlockError) {
                return WipeJob(try await graph.attach(spec, to: node), in: graph)
            } catch {
                throw BlockJobError(error)
            }
        }
    }
}

extension BlockJobStarter {
    fileprivate func startWipe(_ id: String, of node: String) async throws(BlockJobError) {
        try await run([WipeJob.member(id, of: node, by: self)])
    }
}

/// The job of `Docs/Adding-a-Job.md`.
@Suite struct `An added job` {
    private func world() async throws -> World {
        let world = try World()
        try await world.disk("d", contents: [UInt8](repeating: 7, count: 3 << 20 + 512))
        return world
    }

    @Test(.timeLimit(.minutes(15))) func `does its work, shows its progress and gives back what it held`() async throws {
        let world = try await world()
        try await world.jobs.startWipe("w", of: "d")
        await world.log.wait(for: "w:N")
        #expect(await world.contents("d").allSatisfy { $0 == 0 })
        #expect(await world.info("w") == nil)
        try await world.graph.close("d")
    }

    @Test(.timeLimit(.minutes(15))) func `is refused where another has its node, and holds nothing then`() async throws {
        let world = try await world()
        let guest = try await world.graph.attach(
            NodeUserSpec(permissions: Permissions(held: .write, shared: .consistentRead)), to: "d")
        await #expect(throws: BlockJobError.self) { try await world.jobs.startWipe("w", of: "d") }
        #expect(await world.contents("d").allSatisfy { $0 == 7 })
        await world.graph.detach(guest)
        try await world.jobs.startWipe("w", of: "d")
        await world.log.wait(for: "w:N")
    }

    @Test(.timeLimit(.minutes(15))) func `tells of a disk that fails`() async throws {
        let world = try await world()
        await world.with("d") { $0.fail(nil, errno: 5) }
        try await world.jobs.startWipe("w", of: "d")
        await world.log.wait(for: "w:N")
        #expect(world.log.words.contains("w:aborting"))
    }
}
