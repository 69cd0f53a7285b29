import BlockGraph
import Glibc
import IOLoop
import Storage

/// Opens a qcow2 image with its chain as the daemon does, makes requests to its node as a user of the graph, and prints what they cost as JSON.
///
/// All requests share one buffer, as those of `qemu-img bench` do: what is compared is the way of a request, not the memory of a client.
@main
struct Program {
    static func main() async {
        guard let workload = Workload(Array(CommandLine.arguments.dropFirst())) else {
            fail(2, "[mode=read|write] count=N [warm-up=N] [offset=B] [size=B] [step=B] [depth=N] [cache=none] [l2-cache-size=B] PATH")
        }
        do {
            print(try await measure(workload))
        } catch {
            fail(1, (error as? BlockError)?.message ?? "\(error)")
        }
    }

    private static func fail(_ status: Int32, _ text: String) -> Never {
        let line = Array("qcow2-io: \(text)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        exit(status)
    }

    private static func measure(_ workload: Workload) async throws -> String {
        let thread = try IOThread(name: "io")
        let graph = BlockGraph(executor: ControlQueue(), threads: [thread])
        var spec = Qcow2Spec(file: .inline(NodeSpec(driver: .file(FileSpec(filename: workload.path)))))
        spec.l2CacheSize = workload.cacheBytes
        try await graph.open(
            NodeSpec(
                nodeName: "disk", driver: .qcow2(spec), readOnly: workload.writes ? nil : true, discard: .unmap,
                cacheDirect: workload.isDirect ? true : nil))
        let held: LockSet = workload.writes ? [.consistentRead, .write] : .consistentRead
        let user = try await graph.attach(NodeUserSpec(permissions: Permissions(held: held)), to: "disk")
        let requests = await thread.run { io in LoopBound(Requests(workload, user.access.value), on: io) }
        if workload.warmUp > 0 { try await make(requests, workload.warmUp, depth: workload.depth) }
        let before = Usage.now()
        try await make(requests, workload.count, depth: workload.depth)
        let after = Usage.now()
        await graph.detach(user)
        await graph.closeAll()
        await thread.stop()
        return "{\"seconds\": \(after.seconds - before.seconds), \"cpu\": \(after.cpu - before.cpu)}"
    }

    /// Makes requests, `depth` of them at a time.
    private static func make(_ requests: LoopBound<Requests>, _ count: Int, depth: Int) async throws {
        await requests.thread.run { _ in requests.value.extend(by: count) }
        let workers = (0..<depth).map { _ in
            requests.thread.task { _ async -> Result<Void, BlockError> in
                do throws(BlockError) { return .success(try await requests.value.work()) } catch { return .failure(error) }
            }
        }
        for worker in workers { try await worker.value.get() }
    }
}
