import BlockGraph
import BlockJobs
import Jobs
import QAPI
import QMP
import Storage

// What the wire asks of jobs, as the jobs understand it. An absent member takes the domain's default, which is the wire's.

extension CreateOptions {
    init(_ command: BlockdevCreate) throws(QMPError) {
        switch command.options {
        case .file(let file):
            self.init(id: command.jobID, image: .file(File(file)))
        case .qcow2(let image):
            self.init(id: command.jobID, image: .qcow2(try NewQcow2Image(image)))
        default:
            self.init(id: command.jobID, image: .other(driver: command.options.driver.rawValue))
        }
    }
}

extension CreateOptions.File {
    fileprivate init(_ options: BlockdevCreateOptionsFile) {
        self.init(
            // From 2^63 on it is negative for the host, which refuses it.
            path: options.filename, size: Int64(bitPattern: options.size.value),
            preallocation: options.preallocation?.domain() ?? .off, noCopyOnWrite: options.nocow ?? false,
            extentSizeHint: options.extentSizeHint?.value)
    }
}

extension BackupOptions {
    init(_ options: BlockdevBackup) {
        self.init(
            job: BlockJobOptions(
                id: options.jobID, speed: options.speed ?? 0, autoFinalize: options.autoFinalize ?? true,
                autoDismiss: options.autoDismiss ?? true),
            device: options.device, target: options.target, sync: options.sync.domain(), bitmap: options.bitmap,
            bitmapMode: options.bitmapMode?.domain(), compress: options.compress ?? false,
            onSourceError: options.onSourceError?.domain() ?? .report, onTargetError: options.onTargetError?.domain() ?? .report,
            onCopyBeforeWriteError: options.onCBWError?.domain() ?? .breakGuestWrite, filterNodeName: options.filterNodeName,
            performance: Performance(options.xPerf))
    }
}

extension BackupOptions.Performance {
    fileprivate init(_ options: BackupPerf?) {
        let defaults = Self()
        self.init(
            useCopyRange: options?.useCopyRange, maxWorkers: options?.maxWorkers ?? defaults.maxWorkers,
            maxChunk: options?.maxChunk ?? defaults.maxChunk)
    }
}

extension MirrorOptions {
    init(_ options: BlockdevMirror) {
        self.init(
            job: BlockJobOptions(
                id: options.jobID, speed: options.speed ?? 0, autoFinalize: options.autoFinalize ?? true,
                autoDismiss: options.autoDismiss ?? true),
            device: options.device, target: options.target, replaces: options.replaces, sync: options.sync.domain(),
            granularity: options.granularity.map(Int64.init), bufferSize: options.bufSize,
            onSourceError: options.onSourceError?.domain() ?? .report, onTargetError: options.onTargetError?.domain() ?? .report,
            targetIsZero: options.targetIsZero ?? false, filterNodeName: options.filterNodeName,
            copyMode: options.copyMode?.domain() ?? .background)
    }
}

extension JobTransaction {
    init(_ command: QAPI.Transaction) {
        self.init(
            command.actions.map { action in
                switch action {
                case .abort: .abort
                case .blockdevBackup(let wrapper): .backup(BackupOptions(wrapper.data))
                case .blockdevSnapshot(let wrapper): .snapshot(SnapshotOptions(wrapper.data))
                case .blockdevSnapshotSync(let wrapper): .snapshot(SnapshotOptions(wrapper.data))
                case .blockdevSnapshotInternalSync(let wrapper): .internalSnapshot(InternalSnapshotOptions(wrapper.data))
                }
            },
            completionMode: command.properties?.completionMode == .grouped ? .grouped : .individual)
    }
}
