import BlockGraph
import JSON
import QAPI

extension BlockDeviceInfo {
    /// Nodes as `query-named-block-nodes` shows them.
    /// - Parameter flat: without what is below each image. Otherwise each image is described once, and shown with all those above it.
    static func list(_ nodes: [NodeInfo], flat: Bool) -> [BlockDeviceInfo] {
        guard !flat else { return nodes.map { BlockDeviceInfo($0, image: ImageInfo($0), depth: 0) } }
        var chains = ImageChains(nodes)
        return nodes.map { node in
            let (image, depth) = chains.image(of: node)
            return BlockDeviceInfo(node, image: image, depth: depth)
        }
    }

    /// A node. Throttling by drive is not part of a storage daemon: its members are zero.
    private init(_ node: NodeInfo, image: QAPI.ImageInfo, depth: Int) {
        self.init(
            file: image.filename, nodeName: node.nodeName, ro: node.isReadOnly, drv: node.driver,
            backingFile: node.backingFilename?.text, backingFileDepth: Int64(depth),
            children: node.children.map { BlockdevChild(child: $0.name, nodeName: $0.nodeName) }, active: true, encrypted: false,
            detectZeroes: .init(sameAs: node.detectZeroes), bps: 0, bpsRd: 0, bpsWr: 0, iops: 0, iopsRd: 0, iopsWr: 0, image: image,
            cache: BlockdevCacheInfo(writeback: true, direct: node.cacheDirect, noFlush: node.cacheNoFlush),
            writeThreshold: Int64(bitPattern: node.writeThreshold),
            dirtyBitmaps: node.bitmaps.isEmpty ? nil : node.bitmaps.map { BlockDirtyInfo($0) })
    }
}

/// Images with what is below them, each made once.
private struct ImageChains {
    private let byName: [String: NodeInfo]
    private var made: [String: (image: QAPI.ImageInfo, depth: Int)] = [:]

    init(_ nodes: [NodeInfo]) {
        byName = Dictionary(nodes.map { ($0.nodeName, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func image(of node: NodeInfo) -> (image: QAPI.ImageInfo, depth: Int) {
        var path: [NodeInfo] = []
        var next: NodeInfo? = node
        while let current = next, made[current.nodeName] == nil {
            path.append(current)
            next = current.nodeBelow.flatMap { byName[$0] }
        }
        var result = next.flatMap { made[$0.nodeName] }
        for node in path.reversed() {
            let image = (QAPI.ImageInfo(node, below: result?.image), result.map { $0.depth + 1 } ?? 0)
            made[node.nodeName] = image
            result = image
        }
        return result ?? (QAPI.ImageInfo(node), 0)
    }
}

extension QAPI.ImageInfo {
    /// The image of a node.
    fileprivate init(_ node: NodeInfo, below: QAPI.ImageInfo? = nil) {
        let details = node.image.details
        self.init(
            filename: node.filename.text, format: node.driver, dirtyFlag: details.isDirty, actualSize: node.image.actualSize,
            virtualSize: node.image.virtualSize, clusterSize: details.clusterSize, backingFilename: details.backingFilename,
            fullBackingFilename: details.fullBackingFilename,
            backingFilenameFormat: details.backingFilename == nil ? nil : details.backingFormat,
            snapshots: details.snapshots.isEmpty ? nil : details.snapshots.map { SnapshotInfo($0) },
            formatSpecific: details.format.map { ImageInfoSpecific($0) }, backingImage: below)
    }
}

extension ImageInfoSpecific {
    fileprivate init(_ details: FormatDetails) {
        switch details {
        case .qcow2(let image): self = .qcow2(ImageInfoSpecificQCow2Wrapper(data: ImageInfoSpecificQCow2(image)))
        }
    }
}

extension ImageInfoSpecificQCow2 {
    /// Version 2 knows nothing but the width of its refcounts.
    fileprivate init(_ image: Qcow2Details) {
        guard image.version > 2 else {
            self.init(compat: "0.10", refcountBits: Int64(image.refcountBits), compressionType: .zlib)
            return
        }
        self.init(
            compat: "1.1", dataFile: image.dataFile, dataFileRaw: image.isDataFileRaw, extendedL2: image.hasExtendedL2,
            lazyRefcounts: image.hasLazyRefcounts, corrupt: image.isCorrupt, refcountBits: Int64(image.refcountBits),
            bitmaps: image.bitmaps.isEmpty ? nil : image.bitmaps.map { Qcow2BitmapInfo($0) },
            compressionType: .init(sameAs: image.compression))
    }
}

extension Qcow2BitmapInfo {
    fileprivate init(_ bitmap: Qcow2Details.Bitmap) {
        var flags: [Qcow2BitmapInfoFlags] = []
        if bitmap.isInUse { flags.append(.inUse) }
        if bitmap.isAuto { flags.append(.auto) }
        self.init(name: bitmap.name, granularity: UInt32(clamping: bitmap.granularity), flags: flags)
    }
}

extension BlockDirtyInfo {
    fileprivate init(_ bitmap: BitmapInfo) {
        self.init(
            name: bitmap.name, count: bitmap.count, granularity: UInt32(clamping: bitmap.granularity), recording: bitmap.isRecording,
            busy: bitmap.isBusy, persistent: bitmap.isPersistent, inconsistent: bitmap.isInconsistent ? true : nil)
    }
}

extension NodeFilename {
    /// Bytes of a name: what QEMU keeps of it. Those of long chains of options would grow with the square of their length.
    private static let longest = 4095

    /// What a person, and a client, reads: a path, or `json:` with the options. One that is too long ends with dots.
    var text: String {
        switch self {
        case .plain(let path): path
        case .options(let options): Self.cut("json:" + String(decoding: Self.beginning(options).encoded(.compact), as: UTF8.self))
        }
    }

    /// ASCII, as all that JSONWriter makes.
    private static func cut(_ text: String) -> String {
        text.utf8.count <= longest ? text : text.prefix(longest - 3) + "..."
    }

    /// The options, or so many of them that more would be cut off.
    private static func beginning(_ options: [Option]) -> JSONValue {
        var left = longest + 1
        return object(options, &left)
    }

    private static func object(_ options: [Option], _ left: inout Int) -> JSONValue {
        var members: [JSONValue.Member] = []
        for option in options where left > 0 {
            left -= option.name.utf8.count
            members.append(JSONValue.Member(option.name, json(option.value, &left)))
        }
        return .object(members)
    }

    private static func array(_ values: [Value], _ left: inout Int) -> JSONValue {
        var elements: [JSONValue] = []
        for value in values where left > 0 { elements.append(json(value, &left)) }
        return .array(elements)
    }

    private static func json(_ value: Value, _ left: inout Int) -> JSONValue {
        left -= 1
        return switch value {
        case .string(let text): .string(text)
        case .integer(let number): Int64(exactly: number).map { .integer($0) } ?? .unsigned(number)
        case .signed(let number): .integer(number)
        case .boolean(let flag): .bool(flag)
        case .options(let nested): object(nested, &left)
        case .list(let values): array(values, &left)
        case .null: .null
        }
    }
}
