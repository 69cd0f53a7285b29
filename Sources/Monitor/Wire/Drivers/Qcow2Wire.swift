import BlockGraph
import QAPI
import QMP
import Storage

extension Qcow2Spec {
    /// Options of `qcow2`.
    init(_ options: BlockdevOptionsQcow2) throws(QMPError) {
        self.init(file: try ChildSpec(options.file), backing: try Backing(options.backing))
        if let dataFile = options.dataFile { self.dataFile = try ChildSpec(dataFile) }
        lazyRefcounts = options.lazyRefcounts
        passDiscardRequest = options.passDiscardRequest
        passDiscardSnapshot = options.passDiscardSnapshot
        passDiscardOther = options.passDiscardOther
        discardNoUnref = options.discardNoUnref
        overlapCheck = options.overlapCheck.map { Self.overlaps($0) }
        cacheSize = options.cacheSize
        l2CacheSize = options.l2CacheSize
        l2CacheEntrySize = options.l2CacheEntrySize
        refcountCacheSize = options.refcountCacheSize
        cacheCleanInterval = options.cacheCleanInterval
    }

    private static func overlaps(_ checks: Qcow2OverlapChecks) -> Set<Overlap> {
        switch checks {
        case .mode(let mode): return overlaps(mode)
        case .flags(let flags):
            let given: [(Overlap, Bool?)] = [
                (.mainHeader, flags.mainHeader), (.activeL1, flags.activeL1), (.activeL2, flags.activeL2),
                (.refcountTable, flags.refcountTable), (.refcountBlock, flags.refcountBlock), (.snapshotTable, flags.snapshotTable),
                (.inactiveL1, flags.inactiveL1), (.inactiveL2, flags.inactiveL2), (.bitmapDirectory, flags.bitmapDirectory),
            ]
            let template = overlaps(flags.template ?? .cached)
            return Set(given.compactMap { kind, flag in flag ?? template.contains(kind) ? kind : nil })
        }
    }

    private static func overlaps(_ mode: Qcow2OverlapCheckMode) -> Set<Overlap> {
        switch mode {
        case .none: []
        case .constant: Overlap.constant
        case .cached: Overlap.cached
        case .all: Set(Overlap.allCases)
        }
    }
}

extension Qcow2Spec.Backing {
    fileprivate init(_ option: BlockdevRefOrNull?) throws(QMPError) {
        switch option {
        case nil: self = .fromHeader
        case .null?: self = .none
        case .reference(let name)?: self = .child(.named(name))
        case .definition(let child)?: self = .child(.inline(try NodeSpec(child)))
        }
    }
}

extension NewQcow2Image {
    /// What `blockdev-create` asks for.
    init(_ options: BlockdevCreateOptionsQcow2) throws(QMPError) {
        // From 2^63 on it is negative, and refused.
        self.init(file: try ChildSpec(options.file), size: Int64(bitPattern: options.size.value))
        if let file = options.dataFile { dataFile = try ChildSpec(file) }
        dataFileRaw = options.dataFileRaw ?? false
        isVersion2 = options.version == .v2
        extendedL2 = options.extendedL2 ?? false
        clusterSize = options.clusterSize?.value
        backingFile = options.backingFile
        backingFormat = options.backingFmt?.rawValue
        preallocation = options.preallocation?.domain() ?? .off
        lazyRefcounts = options.lazyRefcounts ?? false
        refcountBits = options.refcountBits
        compression = options.compressionType?.domain() ?? .zlib
    }
}
