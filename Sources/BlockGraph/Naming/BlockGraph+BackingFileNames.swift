import IOLoop
public import Storage

extension BlockGraph {
    /// Writes another backing file's name into the image of a node (`change-backing-file`). What the node reads from stays as it is, and the
    /// format beside the name is that of what it reads from now. An image that is only read is opened for writing meanwhile.
    ///
    /// Crash: the header's first cluster is the old one or the new one (`Qcow2Image.setBackingFile`).
    /// - Parameters:
    ///   - image: the node.
    ///   - top: the node at the top of its chain, on which no job may be at work.
    ///   - file: the name; an empty one is none.
    /// - Throws: in QEMU's words.
    public func changeBackingFile(of image: String, under top: String, to file: String) async throws(BlockError) {
        guard topology.node(named: top) != nil else { throw BlockGraph.noDevice(top) }
        guard try isRoot(top) else { throw BlockError(.inUse, "Need a root block node") }
        try await withReservation(of: [top, image]) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            try await changeBackingFile(of: image, under: top, to: file, holding: reservation)
        }
    }

    private func changeBackingFile(
        of image: String, under top: String, to file: String, holding reservation: borrowing Reservation
    ) async throws(BlockError) {
        let node = try find(image)
        guard let backing = backingNode(below: node.id) else {
            throw BlockError(.invalidOption, "not allowing backing file change on an image without a backing file")
        }
        try refuseIfBusy(top)
        let chain = sequence(first: try find(top).id) { self.nextInChain($0) }
        guard chain.contains(node.id) else {
            throw BlockError(.invalidOption, "'\(top)' and image file are not in the same chain")
        }
        if node.isReadOnly { try await setReadOnly(node.id, false, holding: reservation) }
        let failure = await write(file, backing.driverName, into: node.id)
        if failure == nil { table.update(node.id, holding: reservation) { $0.headerBacking = file } }
        do throws(BlockError) {
            if node.isReadOnly { try await setReadOnly(node.id, true, holding: reservation) }
        } catch  where failure == nil {
            throw error.within("The backing file's name has changed, but node '\(node.name)' stays writable")
        } catch {
            // What came first is told.
        }
        if let failure { throw failure.within("Could not change backing file to '\(file)'") }
    }

    private func write(_ file: String, _ format: String, into id: NodeID) async -> BlockError? {
        do throws(BlockError) {
            let handle = try handle(id)
            try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                let name = file.isEmpty ? nil : file
                try await handle.value.driver.setBackingFile(name: name, format: name.map { _ in format })
            }
            return nil
        } catch {
            return error
        }
    }

    /// The image that a node reads from where it has nothing, with filters passed over.
    private func backingNode(below id: NodeID) -> Topology.Node? {
        var next = nextInChain(id)
        while let id = next, let node = topology.nodes[id], node.isFilter { next = nextInChain(id) }
        return next.flatMap { topology.nodes[$0] }
    }

    /// What a node passes on, or reads from where it has nothing.
    private func nextInChain(_ id: NodeID) -> NodeID? {
        guard let node = topology.nodes[id] else { return nil }
        return node.children.lazy.compactMap { self.topology.edges[$0] }
            .first { $0.role == .backing || $0.role == .filtered && node.isFilter }?.child
    }
}
