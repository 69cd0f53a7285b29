internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// Checks and starts a mirror.
struct MirrorStart {
    private let options: MirrorOptions
    private let graph: BlockGraph
    private let pool: BufferPool
    private let executor: any SerialExecutor

    /// As one action of a transaction.
    static func member(_ options: MirrorOptions, group: JobGroup?, of jobs: isolated BlockJobStarter) -> JobMember {
        let start = MirrorStart(options: options, graph: jobs.graph, pool: jobs.pool, executor: jobs.executor)
        let parameters = JobParameters(
            id: options.job.id ?? "", type: .mirror, speed: options.job.speed, autoFinalize: options.job.autoFinalize,
            autoDismiss: options.job.autoDismiss, onSourceError: options.onSourceError, onTargetError: options.onTargetError)
        return JobMember(JobCreation(parameters, in: jobs.registry, group: group)) { (creation) async throws(BlockJobError) in
            try await start.makeJob(creation)
        }
    }

    private func makeJob(_ creation: JobCreation) async throws(BlockJobError) -> MirrorJob {
        try await check()
        let users = try await hold(creation)
        do throws(BlockError) {
            return try await makeBody(users)
        } catch {
            await graph.detach(users.all)
            throw BlockJobError(error)
        }
    }

    // MARK: Checks, in QEMU's order and words

    private func check() async throws(BlockJobError) {
        try await checkPresence(of: options.device)
        // QEMU refuses whatever else stands on the node, and we what a job has put there or holds.
        let isJobs = await graph.hasJob(options.device)
        let isFiltered = await graph.isFiltered(options.device)
        if isJobs || isFiltered { throw BlockJobError("Need a root block node") }
        try await checkPresence(of: options.target)
        // What is written to the target would be written to the source, or be read from it again.
        if await graph.stands(options.target, on: options.device) { throw BlockJobError("Need a root block node") }
        if let granularity = options.granularity, granularity != 0 {
            guard (512...64 << 20).contains(granularity) else {
                throw BlockJobError("Parameter 'granularity' expects a value in range [512B, 64MB]")
            }
            guard granularity & (granularity - 1) == 0 else { throw BlockJobError("Parameter 'granularity' expects a power of 2") }
        }
        do throws(BlockError) {
            try await graph.refuseIfBusy(options.device)
            try await graph.refuseIfBusy(options.target)
            try await graph.refuseIfBacking(options.target)
        } catch {
            throw BlockJobError(error)
        }
        if options.replaces != nil { try await checkReplacement() }
        if options.sync == .incremental || options.sync == .bitmap {
            throw BlockJobError("Sync mode '\(options.sync.rawValue)' not supported")
        }
        if let size = options.bufferSize, size < 0 { throw BlockJobError("Invalid parameter 'buf-size'") }
        if await graph.isSame(options.device, as: options.target) { throw BlockJobError("Can't mirror node into itself") }
        try await checkLengths()
    }

    /// Both sides are tracked in bitmaps, the source in granules and the target in blocks of the mover.
    private func checkLengths() async throws(BlockJobError) {
        do throws(BlockError) {
            let sizes = try await graph.sizes(of: [options.device, options.target])
            guard DirtyBitmap.isPossible(length: sizes[0].length, granularity: granularity),
                DirtyBitmap.isPossible(length: sizes[1].length, granularity: MirrorJob.defaultGranularity)
            else { throw BlockError(.invalidOption, "The image is too large for a mirror of this granularity") }
        } catch {
            throw BlockJobError(error)
        }
    }

    /// Bytes for each bit.
    private var granularity: Int64 {
        let asked = options.granularity ?? 0
        return asked == 0 ? MirrorJob.defaultGranularity : asked
    }

    private func checkPresence(of name: String) async throws(BlockJobError) {
        guard await graph.contains(name) else { throw BlockJobError("Cannot find device='\(name)' nor node-name='\(name)'") }
    }

    /// The node to be replaced shows its parents the very bytes that are mirrored.
    private func checkReplacement() async throws(BlockJobError) {
        guard let name = options.replaces, name != options.device else { return }
        guard await graph.contains(name) else { throw BlockJobError("Failed to find node with node-name='\(name)'") }
        do throws(BlockError) {
            try await graph.refuseIfBusy(name)
            try await graph.refuseIfBacking(name)
            guard await graph.isReplaceable(name, byCopyOf: options.device) else {
                throw BlockError(
                    .invalidOption,
                    "Cannot replace '\(name)' by a node mirrored from '\(options.device)', because it cannot be guaranteed that doing so would "
                        + "not lead to an abrupt change of visible data")
            }
            guard try await graph.length(of: name) == graph.length(of: options.device) else {
                throw BlockError(.invalidOption, "cannot replace image with a mirror image of different size")
            }
        } catch {
            throw BlockJobError(error)
        }
    }

    // MARK: The job's hold on the graph

    private func hold(_ creation: JobCreation) async throws(BlockJobError) -> MirrorJob.Users {
        let shared: LockSet = [.writeUnchanged, .write, .consistentRead]
        do throws(BlockError) {
            let users = try await graph.attach([
                (
                    NodeUserSpec(
                        kind: .job(id: creation.parameters.id, type: "mirror"), edgeName: "source",
                        permissions: Permissions(held: .consistentRead, shared: shared),
                        place: .belowJobs),
                    options.device
                ),
                (
                    // While the mirror runs nobody else finds sense in the target's bytes, or may change them.
                    NodeUserSpec(kind: .device(name: nil), permissions: Permissions(held: .write, shared: .writeUnchanged)), options.target
                ),
                (
                    NodeUserSpec(kind: .job(id: creation.parameters.id, type: "mirror"), edgeName: "target", permissions: Permissions()),
                    options.target
                ),
            ])
            return MirrorJob.Users(source: users[0], writer: users[1], target: users[2])
        } catch {
            // QEMU meets a conflict of permissions when the job exists already, so clients see it come and go.
            try await creation.createAndDiscard()
            throw BlockJobError(error)
        }
    }

    private func makeBody(_ users: MirrorJob.Users) async throws(BlockError) -> MirrorJob {
        let (options, pool, granularity) = (self.options, self.pool, self.granularity)
        let mode = MirrorMode(options.copyMode)
        let targetEdge = await users.writer.thread.run { (io: isolated IOThread) in LoopBound(users.writer.access.value.edge, on: io) }
        let spec = FilterSpec(
            nodeName: options.filterNodeName, driverName: "mirror_top", childName: "backing",
            makeDriver: { (child, _) throws(BlockError) in
                let filter = MirrorFilter(child)
                // Never more than a granule a request: neither offsets nor lengths then split one.
                let mover = ChunkMover(pool: pool, mayUnmap: options.unmap, copiesInKernel: MirrorJob.copiesInKernelByDefault)
                let ends = CopyEnds(from: child, to: targetEdge.value)
                ends.attach(source: users.source.access.value, target: users.writer.access.value)
                if options.targetIsZero, !targetEdge.value.node.showsBackingFile {
                    mover.assumeTargetIsZero(length: targetEdge.value.node.length)
                }
                // In place before the first request can pass, since the source is drained while the filter goes in.
                filter.mirror = try MirrorCopy(
                    ends, granularity: granularity, mode: mode, mover: mover, pool: pool, thread: users.source.thread)
                return filter
            })
        let filter = try await graph.insertFilter(
            spec, above: options.device, keeping: [users.source], servedBy: [users.writer])
        return MirrorJob(options, mode: mode, filter: filter, users: users, graph: graph, executor: executor)
    }
}
