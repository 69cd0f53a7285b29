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
        _ = try BlockGraph.format(name.format, over: .file(FileSpec(filename: path)))
        if name.format == "file" || name.format == "host_device" {
            let plain = path.hasPrefix("\(name.format ?? ""):") ? ImagePath.afterProtocol(path) : path
            return NodeSpec(driver: name.format == "file" ? .file(FileSpec(filename: plain)) : .hostDevice(FileSpec(filename: plain)))
        }
        if let format = name.format, NullDefinition.names.contains(format) { return NodeSpec(driver: try .null(format, named: path)) }
        let file: DriverSpec
        switch ImagePath.protocolName(of: path) {
        case nil: file = await fileDriver(path)
        case "file"?: file = await fileDriver(ImagePath.afterProtocol(path))
        case "host_device"?: file = .hostDevice(FileSpec(filename: ImagePath.afterProtocol(path)))
        case let null? where NullDefinition.names.contains(null): file = try .null(null, named: path)
        case let other?: throw BlockError(.invalidOption, "Unknown protocol '\(other)'")
        }
        return NodeSpec(driver: try BlockGraph.format(name.format, over: file))
    }

    /// A node of the format that is called so, over a file; without a name it is found out when the file is open.
    static func format(_ name: String?, over file: DriverSpec) throws(BlockError) -> DriverSpec {
        let child = ChildSpec.inline(NodeSpec(driver: file))
        switch name {
        case nil: return .probed(over: child)
        case "raw"?: return .raw(RawSpec(file: child))
        case "qcow2"?: return .qcow2(Qcow2Spec(file: child))
        case "file"?, "host_device"?, "null-co"?, "null-aio"?: return file
        case let other?: throw BlockError(.invalidOption, "Unknown driver '\(other)'")
        }
    }

    /// A path is a device where there is one.
    private func fileDriver(_ path: String) async -> DriverSpec {
        let roots = headers.roots
        let isDevice = await threads[0].run { (io: isolated IOThread) async -> Bool in await HostFile.isDevice(path, within: roots, on: io)
        }
        return isDevice ? .hostDevice(FileSpec(filename: path)) : .file(FileSpec(filename: path))
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
