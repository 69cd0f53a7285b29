import IOLoop
import ImageFormats
import Storage

/// The driver `qcow2`.
struct Qcow2Definition: DriverDefinition {
    let spec: Qcow2Spec

    var name: String { "qcow2" }

    var children: [ChildSlot] {
        var slots = [ChildSlot("file", .image, spec.file)]
        if let dataFile = spec.dataFile { slots.append(ChildSlot("data-file", .data, dataFile)) }
        return slots
    }

    var lateChildren: [ChildSlot] {
        guard case .child(let child) = spec.backing else { return [] }
        return [ChildSlot("backing", .backing, child, failure: Self.backingFailure)]
    }

    var namesChildren: Bool { true }
    var canReopen: Bool { true }
    var backing: BackingOption {
        switch spec.backing {
        case .fromHeader: .notGiven
        case .none: .none
        case .child(let child): .child(child)
        }
    }

    func withoutBacking() -> any DriverDefinition {
        var other = spec
        other.backing = .none
        return Qcow2Definition(spec: other)
    }

    private static let backingFailure = "Could not open backing file: "

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        let image = try await Qcow2Image.open(
            file: NodeStorage(file), options: try imageOptions(opening.options), offload: LoopOffload(thread))
        let (nodeName, events) = (opening.nodeName, opening.surroundings.events)
        image.onCorruption = { report in
            events(
                .imageCorrupted(
                    nodeName: nodeName, message: report.message, offset: report.offset, size: report.size, isFatal: report.isFatal))
        }
        let driver = Qcow2Driver(image, file: file, directory: opening.directory)
        for edge in opening.edges where edge !== file { try driver.setChild(edge, named: edge.name) }
        if spec.dataFile != nil && !image.header.needsDataFile { try image.checkDataFile() }
        driver.startCleaning(on: thread, sleep: opening.surroundings.sleep)
        return driver
    }

    func laterChildren(of driver: NodeDriver) throws(BlockError) -> [ChildSlot] {
        guard let driver = driver as? Qcow2Driver else { return [] }
        let header = driver.image.header
        var slots: [ChildSlot] = []
        if header.needsDataFile && driver.image.dataFile == nil {
            guard let name = header.dataFileName else {
                throw BlockError(.invalidOption, "'data-file' is required for this image")
            }
            slots.append(ChildSlot("data-file", .data, HeaderName(text: name, format: nil, isData: true)))
        }
        switch spec.backing {
        // An empty name is an old way to say that there is none; reopening knows no such way.
        case .none, .child(.named("")): break
        case .child(let child):
            if let name = header.backingFile, !name.isEmpty {
                do throws(BlockError) {
                    try child.check(besideHeaderName: name)
                } catch {
                    throw BlockError(error.kind, Self.backingFailure + error.message)
                }
            }
            slots.append(contentsOf: lateChildren)
        case .fromHeader:
            if let name = header.backingFile, !name.isEmpty {
                let backing = HeaderName(text: name, format: header.backingFormat, isData: false)
                slots.append(ChildSlot("backing", .backing, backing, failure: Self.backingFailure))
            }
        }
        return slots
    }

    /// How the image is opened under the node's options.
    func imageOptions(_ options: NodeOptions) throws(BlockError) -> Qcow2OpenOptions {
        var result = Qcow2OpenOptions(purpose: options.readOnly ? .reading : .writing)
        result.lazyRefcounts = spec.lazyRefcounts
        result.passDiscardRequest = spec.passDiscardRequest ?? (options.discard == .unmap)
        result.passDiscardSnapshot = spec.passDiscardSnapshot ?? true
        result.passDiscardOther = spec.passDiscardOther ?? false
        result.discardNoUnref = spec.discardNoUnref ?? false
        result.overlapChecks = spec.overlapCheck?.reduce(into: .none) { $0.insert($1.metadata) } ?? .cached
        result.cacheSize = try size(spec.cacheSize, "cache-size")
        result.l2CacheSize = try size(spec.l2CacheSize, "l2-cache-size")
        result.l2CacheEntrySize = try size(spec.l2CacheEntrySize, "l2-cache-entry-size")
        result.refcountCacheSize = try size(spec.refcountCacheSize, "refcount-cache-size")
        // A negative interval is one beyond any that is allowed, and is refused as such.
        if let interval = spec.cacheCleanInterval { result.cacheCleanInterval = UInt64(bitPattern: interval) }
        return result
    }

    private func size(_ value: Int64?, _ name: String) throws(BlockError) -> UInt64? {
        guard let value else { return nil }
        guard value >= 0 else {
            throw BlockError(.invalidOption, "Parameter '\(name)' expects a non-negative number below 2^64")
        }
        return UInt64(value)
    }
}

extension Qcow2Spec.Overlap {
    fileprivate var metadata: MetadataClass {
        switch self {
        case .mainHeader: .mainHeader
        case .activeL1: .activeL1
        case .activeL2: .activeL2
        case .refcountTable: .refcountTable
        case .refcountBlock: .refcountBlock
        case .snapshotTable: .snapshotTable
        case .inactiveL1: .inactiveL1
        case .inactiveL2: .inactiveL2
        case .bitmapDirectory: .bitmapDirectory
        }
    }
}

/// Runs pure work of an image on its loop's thread pool.
struct LoopOffload: Offload {
    private let requests: LoopRequests

    init(_ thread: IOThread) { requests = thread.requests }

    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value { await requests.blocking(work) }
}
