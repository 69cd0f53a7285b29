import IOLoop
public import Storage

/// An image that is to become the overlay of a node (`blockdev-snapshot-sync`).
public struct NewOverlay: Sendable, Equatable {
    /// Its file, as QEMU reads such names: a path, or `protocol:path`.
    public var file: String
    /// The node-name that it gets.
    public var nodeName: String?
    /// Its format.
    public var format: String
    /// Whether the file is made, or there already.
    public var isMade: Bool

    /// Makes a description.
    public init(file: String, nodeName: String?, format: String? = nil, isMade: Bool = true) {
        self.file = file
        self.nodeName = nodeName
        self.format = format ?? DriverCatalogue.usualOverlay
        self.isMade = isMade
    }
}

extension BlockGraph {
    /// Makes an overlay's file, if that is asked for, and opens it without a backing child, as the node is opened that it will stand on: for
    /// `insertOverlay`, after which nobody but the overlay's users keeps it.
    ///
    /// Crash: what was not finished has no valid header, and nothing refers to it.
    /// - Returns: the overlay's node-name.
    /// - Throws: in QEMU's words. The node is as it was; a file that was made stays.
    public func openOverlay(_ overlay: NewOverlay, on name: String) async throws(BlockError) -> String {
        guard let base = topology.node(named: name) else { throw BlockGraph.noDevice(name) }
        try refuseIfBusy(name)
        try refuseIfBacking(base)
        guard let nodeName = overlay.nodeName else { throw BlockError(.invalidOption, "New overlay node-name missing") }
        guard !table.isTaken(nodeName) else { throw BlockError(.invalidOption, "New overlay node-name already in use") }
        if overlay.isMade { try await make(overlay, on: base) }
        return try await openForCreation([.inline(try spec(of: overlay, named: nodeName, on: base.id))]).first ?? nodeName
    }

    private func make(_ overlay: NewOverlay, on base: Topology.Node) async throws(BlockError) {
        try overlay.checkFormat()
        let file = try overlay.fileDriver()
        try overlay.checkCanBeMade()
        let backing = headers.write(try await node(base.name).filename)
        guard backing != overlay.file else {
            throw BlockError(.invalidOption, "Error: Trying to create an image with the same filename as the backing file")
        }
        let length = try await length(of: base.name)
        if let path = try overlay.newFile() {
            try await threads[0].run { (io: isolated IOThread) async throws(BlockError) in
                try await HostFile.create(path, length: 0, on: io)
            }
        }
        var image = NewQcow2Image(file: .inline(NodeSpec(driver: file)), size: length)
        image.backingFile = backing
        image.backingFormat = base.driverName
        try await create(image)
    }

    /// The overlay goes on as its base was opened: written to or not, past the page cache or not.
    private func spec(of overlay: NewOverlay, named nodeName: String, on base: NodeID) throws(BlockError) -> NodeSpec {
        let options = table.record(base)?.options ?? NodeOptions()
        let format = try DriverCatalogue.format(overlay.format, over: try overlay.fileDriver())
        let driver = DriverSpec(format.definition.withoutBacking())
        return NodeSpec(
            nodeName: nodeName, driver: driver, readOnly: options.readOnly, autoReadOnly: options.autoReadOnly,
            discard: options.discard, cacheDirect: options.cacheDirect, cacheNoFlush: options.cacheNoFlush)
    }
}

extension NewOverlay {
    /// The node below the overlay.
    fileprivate func fileDriver() throws(BlockError) -> DriverSpec {
        switch try DriverCatalogue.place(of: file, stores: true) {
        case .path(let path): DriverCatalogue.host(path)
        case .node(let node): node
        }
    }

    /// The path of a file that is to be made; nil for a device, which is there.
    fileprivate func newFile() throws(BlockError) -> String? {
        guard case .path(let path) = try DriverCatalogue.place(of: file, stores: true) else { return nil }
        return path
    }

    fileprivate func checkFormat() throws(BlockError) {
        guard DriverCatalogue.images(of: format) != nil else { throw BlockError(.invalidOption, "Unknown file format '\(format)'") }
    }

    fileprivate func checkCanBeMade() throws(BlockError) {
        switch DriverCatalogue.images(of: format) {
        case .withBackingFile?: return
        case .withoutBackingFile?: throw BlockError(.unsupported, "Backing file not supported for file format '\(format)'")
        case DriverCatalogue.Images.none?, nil:
            throw BlockError(.unsupported, "Format driver '\(format)' does not support image creation")
        }
    }
}
