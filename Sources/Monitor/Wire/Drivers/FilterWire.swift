import BlockGraph
import QAPI
import QMP
import Storage

extension ThrottleSpec {
    /// Options of `throttle`.
    init(_ options: BlockdevOptionsThrottle) throws(QMPError) {
        self.init(file: try ChildSpec(options.file), group: options.throttleGroup)
    }
}

extension CopyOnReadSpec {
    /// Options of `copy-on-read`.
    init(_ options: BlockdevOptionsCor) throws(QMPError) {
        self.init(file: try ChildSpec(options.file), bottom: options.bottom)
    }
}

extension PreallocateSpec {
    /// Options of `preallocate`.
    init(_ options: BlockdevOptionsPreallocate) throws(QMPError) {
        self.init(file: try ChildSpec(options.file), align: options.preallocAlign, size: options.preallocSize)
    }
}

extension CompressSpec {
    /// Options of `compress`.
    init(_ options: BlockdevOptionsGenericFormat) throws(QMPError) { self.init(file: try ChildSpec(options.file)) }
}

extension SnapshotAccessSpec {
    /// Options of `snapshot-access`.
    init(_ options: BlockdevOptionsGenericFormat) throws(QMPError) { self.init(file: try ChildSpec(options.file)) }
}

extension CopyBeforeWriteSpec {
    /// Options of `copy-before-write`.
    init(_ options: BlockdevOptionsCbw) throws(QMPError) {
        self.init(
            file: try ChildSpec(options.file), target: try ChildSpec(options.target),
            bitmap: options.bitmap.map { Bitmap(node: $0.node, name: $0.name) }, onError: options.onCBWError?.domain(),
            timeout: options.cbwTimeout, minClusterSize: options.minClusterSize?.value)
    }
}

extension BlkverifySpec {
    /// Options of `blkverify`.
    init(_ options: BlockdevOptionsBlkverify) throws(QMPError) {
        self.init(test: try ChildSpec(options.test), raw: try ChildSpec(options.raw))
    }
}

extension QuorumSpec {
    /// Options of `quorum`.
    init(_ options: BlockdevOptionsQuorum) throws(QMPError) {
        var children: [ChildSpec] = []
        for child in options.children { children.append(try ChildSpec(child)) }
        self.init(
            children: children, voteThreshold: options.voteThreshold, blkverify: options.blkverify,
            rewriteCorrupted: options.rewriteCorrupted, readPattern: options.readPattern?.domain())
    }
}
