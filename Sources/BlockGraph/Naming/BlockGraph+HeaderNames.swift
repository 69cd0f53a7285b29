import IOLoop
import Storage

/// From names in headers to nodes.
extension BlockGraph {
    /// The options of the node that `name` in the header of `overlay` stands for.
    func resolve(_ name: HeaderName, of overlay: NodeID) async throws(BlockError) -> NodeSpec {
        if name.isData { return NodeSpec(driver: await fileDriver(name.text)) }
        if name.text.hasPrefix("json:") {
            let spec = try headers.json(String(name.text.dropFirst(5)), name.format)
            // A guest that can write its image must not reach others' bytes, bitmaps or limits by their names.
            if headers.roots != nil, let other = spec.references.first {
                throw BlockError(.invalidOption, "An image header may not refer to \(other)")
            }
            return spec
        }
        var path = name.text
        if !ImagePath.isAbsolute(path) { path = try directory(of: overlay) + path }
        // Which driver it is is asked first; a path of a protocol driver is no name with a protocol.
        _ = try DriverCatalogue.format(name.format, over: DriverCatalogue.host(path))
        if let node = try DriverCatalogue.protocolNode(called: name.format, at: path) { return NodeSpec(driver: node) }
        let file: DriverSpec
        switch try DriverCatalogue.place(of: path) {
        case .path(let path): file = await fileDriver(path)
        case .node(let node): file = node
        }
        return NodeSpec(driver: try DriverCatalogue.format(name.format, over: file))
    }

    /// A path is a device where there is one.
    private func fileDriver(_ path: String) async -> DriverSpec {
        let roots = headers.roots
        let isDevice = await threads[0].run { (io: isolated IOThread) async -> Bool in await HostFile.isDevice(path, within: roots, on: io)
        }
        return DriverCatalogue.host(path, isDevice: isDevice)
    }

    /// Where names in the header of a node begin: the directory of the file at the bottom of its first children.
    private func directory(of overlay: NodeID) throws(BlockError) -> String {
        if let directory = knownDirectory(of: overlay) { return directory }
        let bottom = topology.nodes[bottom(of: overlay)]?.driverName ?? ""
        throw BlockError(.invalidOption, "Cannot generate a base directory for \(bottom) nodes")
    }

    /// The same; nil where no path is below.
    func knownDirectory(of overlay: NodeID) -> String? {
        (table.record(bottom(of: overlay))?.spec?.definition.exactFilename).map { ImagePath.directory(of: $0) }
    }

    private func bottom(of node: NodeID) -> NodeID {
        var id = node
        while let child = topology.nodes[id]?.children.first.flatMap({ topology.edges[$0]?.child }) { id = child }
        return id
    }

    /// Which host file is at the bottom of a node's first children; nil for what is no host file.
    func hostFile(below id: NodeID) async -> HostFileIdentity? {
        guard let handle = table.record(id)?.handle else { return nil }
        return await handle.thread.run { (io: isolated IOThread) -> HostFileIdentity? in
            var driver = handle.value.driver
            while let child = driver.children.first { driver = child.node.driver }
            return (driver.storage as? HostFileStorage)?.identity
        }
    }
}
