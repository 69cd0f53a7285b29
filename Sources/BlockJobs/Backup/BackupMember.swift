internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// Starts a backup as one action of a transaction.
struct BackupMember: TransactionMember {
    private let options: BackupOptions
    private let graph: BlockGraph
    private let pool: BufferPool

    private var creation: JobCreation
    private var drain: BlockGraph.Drain?

    init(_ options: BackupOptions, group: JobGroup?, registry: JobRegistry, graph: BlockGraph, pool: BufferPool) {
        self.options = options
        creation = JobCreation(
            JobParameters(
                id: options.job.id ?? "", type: .backup, speed: options.job.speed, autoFinalize: options.job.autoFinalize,
                autoDismiss: options.job.autoDismiss, onSourceError: options.onSourceError, onTargetError: options.onTargetError),
            in: registry, group: group)
        self.graph = graph
        self.pool = pool
    }

    mutating func prepare() async throws(BlockJobError) {
        try await checkNodes()
        try await checkBitmap()
        try await checkArguments()
        // From here to `clean` nobody writes to the source: the point in time of all members of a transaction is one.
        do throws(BlockError) {
            drain = try await graph.drain([options.device])
        } catch {
            throw BlockJobError(error)
        }
        // Others may have come meanwhile.
        try await checkNodes()
        try await checkArguments()
        try await creation.create(try await makeBody())
    }

    // Entered when the drain ends: running, paused, and in `clean` running again.
    mutating func commit() async { await creation.startDrained() }

    mutating func abort() async { await creation.abort() }

    mutating func clean() async {
        if let drain { await graph.resume(drain) }
        await creation.drainEnd()
    }

    // MARK: Checks, in QEMU's order and words

    private func checkNodes() async throws(BlockJobError) {
        for name in [options.device, options.target] where await !graph.contains(name) {
            throw BlockJobError("Cannot find device='\(name)' nor node-name='\(name)'")
        }
    }

    private func checkBitmap() async throws(BlockJobError) {
        let sync = options.sync
        if (sync == .bitmap || sync == .incremental) && options.bitmap == nil {
            throw BlockJobError("must provide a valid bitmap name for '\(sync.rawValue)' sync mode")
        }
        if sync == .incremental, let mode = options.bitmapMode, mode != .onSuccess {
            throw BlockJobError("Bitmap sync mode must be 'on-success' when using sync mode 'incremental'")
        }
        if let bitmap = options.bitmap {
            do throws(BlockError) {
                _ = try await graph.content(of: BitmapName(node: options.device, name: bitmap))
            } catch {
                throw BlockJobError("Bitmap '\(bitmap)' could not be found")
            }
            guard let mode = options.bitmapMode ?? (sync == .incremental ? .onSuccess : nil) else {
                throw BlockJobError("Bitmap sync mode must be given when providing a bitmap")
            }
            if sync == .none { throw BlockJobError("sync mode 'none' does not produce meaningful bitmap outputs") }
            if mode == .never, sync != .bitmap {
                throw BlockJobError(
                    "Bitmap sync mode 'never' has no meaningful effect when combined with sync mode '\(sync.rawValue)'")
            }
            throw BlockJobError("Backups by bitmap are not part of this version")
        }
        if options.bitmapMode != nil { throw BlockJobError("Cannot specify bitmap sync mode without a bitmap") }
    }

    private func checkArguments() async throws(BlockJobError) {
        if options.device == options.target { throw BlockJobError("Source and target cannot be the same") }
        do throws(BlockError) {
            if options.compress, try await !graph.canCompress(options.target) {
                // Where QEMU has a device's name, which no node has.
                throw BlockError(.unsupported, "Compression is not supported for this drive ")
            }
            try await graph.refuseIfBusy(options.device)
            try await graph.refuseIfBusy(options.target)
        } catch {
            throw BlockJobError(error)
        }
        let performance = options.performance
        if performance.maxWorkers < 1 || performance.maxWorkers > Int64(Int32.max) {
            throw BlockJobError("max-workers must be between 1 and 2147483647")
        }
        if performance.maxChunk < 0 { throw BlockJobError("max-chunk must be zero (which means no limit) or positive") }
        let sizes: [NodeSizes]
        do throws(BlockError) { sizes = try await graph.sizes(of: [options.device, options.target]) } catch { throw BlockJobError(error) }
        let (source, target) = (sizes[0], sizes[1])
        let cluster = BackupJob.clusterSize(forUnit: target.allocationUnit)
        if source.length != target.length { throw BlockJobError("Source and target image have different sizes") }
        guard DirtyBitmap.isPossible(length: source.length, granularity: cluster) else {
            throw BlockJobError("The image is too large for a backup")
        }
        if performance.maxChunk > 0 && performance.maxChunk < cluster {
            throw BlockJobError("Required max-chunk (\(performance.maxChunk)) is less than backup cluster size (\(cluster))")
        }
        try await checkTarget()
    }

    /// QEMU takes both, and destroys what the overlay shows, or what it copies.
    private func checkTarget() async throws(BlockJobError) {
        do throws(BlockError) {
            try await graph.refuseIfBacking(options.target)
        } catch {
            throw BlockJobError(error)
        }
        if await graph.writes(to: options.target, reach: options.device) {
            throw BlockJobError("Node '\(options.target)' stands on the source '\(options.device)': writing to it would change the source")
        }
    }

    // MARK: The job's hold on the graph

    private func makeBody() async throws(BlockJobError) -> BackupJob {
        let filter: InsertedFilter
        do throws(BlockError) {
            filter = try await graph.insertFilter(filterSpec(), above: options.device) { (filter, _) in
                ((filter.driver as? CopyBeforeWriteFilter)?.copier as? BlockCopy)?.armed()
            }
        } catch {
            // QEMU meets a conflict of permissions when the job exists already, so clients see it come and go.
            guard error.kind == .inUse else { throw BlockJobError("Could not create node: \(error.message)") }
            try await creation.createAndDiscard()
            throw BlockJobError(error)
        }
        let holds: [(spec: NodeUserSpec, node: String)] = [
            (
                NodeUserSpec(kind: .job(id: creation.parameters.id, type: "backup"), edgeName: "main node", permissions: Permissions()),
                filter.nodeName
            ),
            (
                NodeUserSpec(kind: .job(id: creation.parameters.id, type: "backup"), edgeName: "target", permissions: Permissions()),
                options.target
            ),
        ]
        do throws(BlockError) {
            let users = try await graph.attach(holds)
            return await BackupJob(options, filter: filter, users: users, graph: graph)
        } catch {
            await graph.removeFilterWhenIdle(filter.nodeName)
            throw BlockJobError(error)
        }
    }

    private func filterSpec() -> FilterSpec {
        let pool = self.pool
        // In the kernel only when asked for: the target's zeroes are not found that way, and shared extents are a matter of taste.
        let copiesInKernel = options.performance.useCopyRange ?? BackupJob.copiesInKernelByDefault
        let compresses = options.compress
        let onError: CopyBeforeWriteFilter.ErrorPolicy =
            options.onCopyBeforeWriteError == .breakSnapshot ? .breakSnapshot : .breakGuestWrite
        var spec = FilterSpec.copyBeforeWrite(nodeName: options.filterNodeName, target: options.target, onError: onError)
        spec.makeDriver = { (child, others) throws(BlockError) in
            let filter = CopyBeforeWriteFilter(child, onError: onError)
            if let target = others.first {
                let unit = target.node.driver.allocationUnit
                let mover = ChunkMover(pool: pool, copiesInKernel: copiesInKernel, compressionUnit: compresses ? unit : nil)
                // Made while the source is drained: this is the point in time.
                filter.arm(try BlockCopy(CopyEnds(from: child, to: target), cluster: BackupJob.clusterSize(forUnit: unit), mover: mover))
            }
            return filter
        }
        return spec
    }
}
