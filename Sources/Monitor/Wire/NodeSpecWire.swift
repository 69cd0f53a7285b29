import BlockGraph
import QAPI
import QMP
import Storage

extension NodeSpec {
    /// The node that `blockdev-add` asks for.
    /// - Throws: what a number of the wire cannot mean.
    init(_ options: BlockdevOptions) throws(QMPError) {
        self.init(
            nodeName: options.nodeName, driver: try DriverSpec(options.variant), readOnly: options.readOnly,
            autoReadOnly: options.autoReadOnly, forceShare: options.forceShare,
            discard: options.discard.map { $0 == .unmap ? .unmap : .ignore },
            detectZeroes: options.detectZeroes?.domain() ?? .off, cacheDirect: options.cache?.direct, cacheNoFlush: options.cache?.noFlush)
        emptyOptions = options.emptyOptions
    }
}

extension BlockdevOptions {
    /// The members that are there with nothing in them.
    fileprivate var emptyOptions: [String] {
        var names: [String] = []
        if let cache, cache.direct == nil, cache.noFlush == nil { names.append("cache") }
        guard case .blkdebug(let blkdebug) = variant else { return names }
        let lists = [
            ("inject-error", blkdebug.injectError?.isEmpty), ("set-state", blkdebug.setState?.isEmpty),
            ("take-child-perms", blkdebug.takeChildPerms?.isEmpty), ("unshare-child-perms", blkdebug.unshareChildPerms?.isEmpty),
        ]
        return names + lists.compactMap { $0.1 == true ? $0.0 : nil }
    }
}

extension DriverSpec {
    /// The driver of a node on the wire: one line for each.
    fileprivate init(_ variant: BlockdevOptions.Variant) throws(QMPError) {
        switch variant {
        case .blkdebug(let blkdebug): self = .blkdebug(try BlkdebugSpec(blkdebug))
        case .blkverify(let blkverify): self = .blkverify(try BlkverifySpec(blkverify))
        case .compress(let compress): self = .compress(try CompressSpec(compress))
        case .copyBeforeWrite(let copy): self = .copyBeforeWrite(try CopyBeforeWriteSpec(copy))
        case .copyOnRead(let copy): self = .copyOnRead(try CopyOnReadSpec(copy))
        case .file(let file): self = .file(FileSpec(file))
        case .hostDevice(let file): self = .hostDevice(FileSpec(file))
        case .nullCo(let null): self = .nullCo(NullSpec(null))
        case .nullAIO(let null): self = .nullAio(NullSpec(null))
        case .preallocate(let preallocate): self = .preallocate(try PreallocateSpec(preallocate))
        case .qcow2(let qcow2): self = .qcow2(try Qcow2Spec(qcow2))
        case .quorum(let quorum): self = .quorum(try QuorumSpec(quorum))
        case .raw(let raw): self = .raw(try RawSpec(raw))
        case .snapshotAccess(let access): self = .snapshotAccess(try SnapshotAccessSpec(access))
        case .throttle(let throttle): self = .throttle(try ThrottleSpec(throttle))
        }
    }
}

extension ChildSpec {
    /// A child on the wire.
    init(_ reference: BlockdevRef) throws(QMPError) {
        switch reference {
        case .reference(let name): self = .named(name)
        case .definition(let child): self = .inline(try NodeSpec(child))
        }
    }
}
