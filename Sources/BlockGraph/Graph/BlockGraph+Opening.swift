internal import Glibc
public import IOLoop
public import Storage
import Waiting

extension BlockGraph {
    /// Opens a node that the monitor then owns (`blockdev-add`), and its inline children.
    ///
    /// Files are opened on the loop's thread pool; other commands go on meanwhile. Two openings cannot get one name.
    /// - Returns: the node-name.
    @discardableResult
    public func open(_ spec: NodeSpec) async throws(BlockError) -> String {
        guard spec.nodeName != nil else {
            throw BlockError(.invalidOption, "'node-name' must be specified for the root node")
        }
        let named = spec.namedChildren
        return try await withReservation(of: named, attaching: true) {
            (reservation: inout Reservation) async throws(BlockError) -> String in
            try beginOpening()
            defer { endOpening() }
            let below = named.compactMap { topology.node(named: $0)?.id }
            if below.count > 1 { try await joinLoops(below, holding: reservation) }
            let id = try await openTree(spec, OpeningPlace(thread: placement(over: below)), &reservation)
            table.updateNode(id, holding: reservation) { $0.isMonitorOwned = true }
            return topology.nodes[id]?.name ?? ""
        }
    }

    /// Opens nodes for one piece of work, or finds them; `closeAfterCreation` follows.
    /// - Returns: their names.
    func openForCreation(_ children: [ChildSpec]) async throws(BlockError) -> [String] {
        var names: [String] = []
        do throws(BlockError) {
            for child in children {
                switch child {
                case .named(let name):
                    guard topology.node(named: name) != nil else { throw BlockGraph.noNode(name) }
                    names.append(name)
                case .inline(let spec):
                    names.append(try await openForCreation(spec))
                }
            }
        } catch {
            await closeAfterCreation(names)
            throw error
        }
        return names
    }

    private func openForCreation(_ spec: NodeSpec) async throws(BlockError) -> String {
        let named = spec.namedChildren
        return try await withReservation(of: named, attaching: true) {
            (reservation: inout Reservation) async throws(BlockError) -> String in
            try beginOpening()
            defer { endOpening() }
            let below = named.compactMap { topology.node(named: $0)?.id }
            let id = try await openTree(spec, OpeningPlace(thread: placement(over: below)), &reservation)
            return topology.nodes[id]?.name ?? ""
        }
    }

    private func beginOpening() throws(BlockError) {
        try refuseIfEnding()
        openings += 1
    }

    private func endOpening() {
        openings -= 1
        openingsWaiters.wakeAll()
    }

    /// Closes those of the nodes that nobody else uses.
    func closeAfterCreation(_ names: [String]) async {
        for name in names {
            await withReservation(of: [name]) { (reservation: inout Reservation) async in
                if let id = topology.node(named: name)?.id { await closeIfUnused(id, holding: reservation) }
            }
        }
    }

    /// The path of a node's file.
    func path(of name: String) throws(BlockError) -> String {
        guard let id = topology.node(named: name)?.id, let path = table.record(id)?.spec?.definition.exactFilename else {
            throw BlockError(.invalidOption, "The data file '\(name)' has no path that a header could name")
        }
        return path
    }

    static func noNode(_ name: String) -> BlockError {
        BlockError(.invalidOption, "Cannot find device='\(name)' nor node-name='\(name)'")
    }

    /// The loop for a new node: that of the nodes it is put over, else the one with the fewest nodes.
    private func placement(over below: [NodeID]) -> IOThread {
        if let record = below.lazy.compactMap({ self.table.record($0) }).first { return record.handle.thread }
        // Counting is for a choice only: it would make the adding of many nodes quadratic.
        guard threads.count > 1 else { return threads[0] }
        let load = threads.map { table.load(of: $0) }
        let least = load.indices.min { load[$0] < load[$1] } ?? 0
        return threads[least]
    }

    /// A child that is open, before and after its edge is in the topology.
    private struct OpenChild {
        var slot: ChildSlot
        let id: NodeID
    }

    /// Where in a tree something is opened.
    private struct OpeningPlace {
        let thread: IOThread
        /// What the parent hands down; nil for a root.
        var parent: (options: NodeOptions, role: ChildRole)?
        /// The host files of the images above, each of which names the next in its header.
        var images: Set<HostFileIdentity> = []

        func below(_ options: NodeOptions, _ role: ChildRole) -> OpeningPlace {
            var place = self
            place.parent = (options, role)
            return place
        }
    }

    /// Opens children before parents, as QEMU does; nothing is left of it when it fails.
    private func openTree(_ spec: NodeSpec, _ place: OpeningPlace, _ reservation: inout Reservation) async throws(BlockError) -> NodeID {
        let options = NodeOptions(spec, parent: place.parent)
        var definition = spec.driver.definition
        try definition.check()
        var children: [OpenChild] = []
        // QEMU opens the file of a format before it looks at anything else.
        if let first = definition.children.first(where: { $0.name == "file" }) {
            children.append(try await openChild(first, of: options, place, &reservation))
        }
        do throws(BlockError) {
            var place = place
            if definition.namesChildren, let file = children.first {
                // What the client defines ends somewhere: only names in headers lead round in a circle.
                if !options.isNamedInHeader { place.images = [] }
                try await enter(file.id, &place)
                if let probed = definition as? ProbedDefinition {
                    definition = try probed.definition(for: try await probe(file.id))
                    for slot in definition.children where slot.name == file.slot.name { children[0].slot = slot }
                }
            }
            try options.check(definition)
            // QEMU lists a node before the children that it opens once it has a name.
            let claim = try table.claim(spec.nodeName)
            do throws(BlockError) {
                for slot in definition.children where slot.name != children.first?.slot.name {
                    children.append(try await openChild(slot, of: options, place, &reservation))
                }
            } catch {
                table.giveBack(claim)
                throw error
            }
            try await openNode(claim, DriverSpec(definition), options, over: children, place, &reservation)
            table.update(claim.id, holding: reservation) { $0.given = spec }
            return claim.id
        } catch {
            for child in children.reversed() { await closeIfUnused(child.id, holding: reservation) }
            throw error
        }
    }

    /// Notes which file an image is in. No image's header leads back to itself, however it is called: to open such a chain would never end.
    private func enter(_ file: NodeID, _ place: inout OpeningPlace) async throws(BlockError) {
        guard let identity = await hostFile(below: file) else { return }
        guard place.images.insert(identity).inserted else {
            throw BlockError(.invalidImage, "The backing chain comes back to an image that it began with")
        }
    }

    /// What the image in a file looks like.
    private func probe(_ file: NodeID) async throws(BlockError) -> ProbedFormat {
        let handle = try handle(file)
        return try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) -> ProbedFormat in
            let head = UnsafeMutableRawBufferPointer.allocate(byteCount: ProbedFormat.length, alignment: 4096)
            defer { head.deallocate() }
            try await handle.value.read(at: 0, into: head)
            return ProbedFormat(Array(head))
        }
    }

    private func openChild(
        _ slot: ChildSlot, of parent: NodeOptions, _ place: OpeningPlace, _ reservation: inout Reservation
    ) async throws(BlockError) -> OpenChild {
        switch slot.content {
        case .child(.named(let name)):
            guard let found = topology.node(named: name) else {
                throw BlockGraph.noNode(name)
            }
            // It may have come after the reservation.
            try reserveNow([name], in: &reservation)
            return OpenChild(slot: slot, id: slot.place == .aboveJobs ? topology.attachmentPoint(found.id) : found.id)
        case .child(.inline(let spec)):
            return OpenChild(slot: slot, id: try await openTree(spec, place.below(parent, slot.role), &reservation))
        case .header:
            throw BlockError(.unsupported, "Only an open image has a header")
        }
    }

    /// Opens what the header of an open image names. Nodes that it refers to by name must be free now: waiting for them while others wait for
    /// what is reserved here would never end.
    private func openHeaderChild(
        _ slot: ChildSlot, _ name: HeaderName, of overlay: NodeID, _ parent: NodeOptions, _ place: OpeningPlace,
        _ reservation: inout Reservation
    ) async throws(BlockError) -> OpenChild {
        let spec = try await resolve(name, of: overlay)
        try reserveNow(spec.namedChildren, in: &reservation)
        for name in spec.namedChildren {
            guard let node = topology.node(named: name), try handle(node.id).thread !== place.thread else { continue }
            throw BlockError(.inUse, "Cannot change iothread of active block backend")
        }
        var options = parent
        options.isNamedInHeader = true
        return OpenChild(slot: slot, id: try await openTree(spec, place.below(options, slot.role), &reservation))
    }

    /// Puts the node into the topology, so that what it needs of its children is granted and their images are locked, then makes its driver,
    /// then lets the node be found. When it fails the node is gone again, with its name; its children are the caller's.
    private func openNode(
        _ claim: NodeTable.Claim, _ spec: DriverSpec, _ options: NodeOptions, over children: [OpenChild], _ place: OpeningPlace,
        _ reservation: inout Reservation
    ) async throws(BlockError) {
        let definition = spec.definition
        var node = Topology.Node(id: claim.id, name: claim.name, driverName: definition.name, policy: { definition.permissions($0) })
        node.isReadOnly = options.readOnly
        node.isFilter = definition.isFilter
        node.sharesEverything = options.forceShare
        table.add(node, holding: &reservation)
        do throws(BlockError) {
            try await connect(children, to: claim.id, holding: reservation)
            try await makeNode(claim.id, spec, options, on: place.thread, holding: reservation)
            try await openLaterChildren(of: claim.id, definition, options, place, &reservation)
            try options.checkEmpty(definition)
        } catch {
            await discardUnfinished(claim.id, holding: reservation)
            throw error
        }
        table.publish(claim.id, holding: reservation)
    }

    /// Adds edges, and takes the locks that their permissions need.
    private func connect(_ children: [OpenChild], to parent: NodeID, holding reservation: borrowing Reservation) async throws(BlockError) {
        var edges: [(Topology.Edge, LoopBound<NodeEdge>)] = []
        for child in children {
            let handle = try handle(child.id)
            let name = child.slot.name
            let edge = await handle.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: handle.value, name: name), on: io) }
            let entry = Topology.Edge(
                id: EdgeID(number: table.nextID()), parent: .node(parent), child: child.id, name: name, role: child.slot.role,
                permissions: Permissions())
            edges.append((entry, edge))
        }
        let added = edges
        try await change(holding: reservation, from: [parent], extent: .newChildren) { edit in
            for (entry, edge) in added { edit.connect(entry, edge) }
        }
        for child in children {
            if case .child(.named) = child.slot.content { continue }
            table.update(child.id, holding: reservation) { $0.inheritsFrom = parent }
        }
    }

    /// Makes the node on its loop, over the edges that the topology has.
    private func makeNode(
        _ id: NodeID, _ spec: DriverSpec, _ options: NodeOptions, on thread: IOThread, holding reservation: borrowing Reservation
    ) async throws(BlockError) {
        guard let node = topology.nodes[id] else { return }
        let edges = node.children.compactMap { table.edge($0) }
        let made = try await makeNode(spec, options, name: node.name, over: edges, directory: knownDirectory(of: id), on: thread)
        table.complete(id, NodeRecord(spec: spec, options: options, handle: made.handle), holding: reservation)
        table.updateNode(id, holding: reservation) { $0.endIsAligned = made.endIsAligned }
    }

    /// A node made on its loop, and what the topology wants to know of it.
    struct MadeNode: Sendable {
        let handle: LoopBound<Node>
        let endIsAligned: Bool
    }

    func makeNode(
        _ spec: DriverSpec, _ options: NodeOptions, name: String, over edges: [LoopBound<NodeEdge>], directory: String?, on thread: IOThread
    )
        async throws(BlockError) -> MadeNode
    {
        let opener = self.opener
        let roots = headers.roots
        let surroundings = self.surroundings
        return try await thread.run { (io: isolated IOThread) async throws(BlockError) -> MadeNode in
            let opening = DriverOpening(
                nodeName: name, options: options, edges: edges.map(\.value), directory: directory, surroundings: surroundings,
                roots: roots, opener: opener)
            let driver = try await spec.definition.makeDriver(opening, on: io)
            guard (0...Node.longest).contains(driver.length) else {
                await driver.close()
                throw .system(EFBIG, "Could not refresh total sector count")
            }
            let node = Node(name: name, driver: driver, traits: options.traits, driverName: spec.name)
            do throws(BlockError) {
                for bitmap in try await driver.storedBitmaps(within: surroundings.bitmapMemory) { node.add(bitmap) }
            } catch {
                await driver.close()
                throw error
            }
            return MadeNode(handle: LoopBound(node, on: io), endIsAligned: node.endIsAligned)
        }
    }

    private func openLaterChildren(
        of id: NodeID, _ definition: any DriverDefinition, _ options: NodeOptions, _ place: OpeningPlace, _ reservation: inout Reservation
    ) async throws(BlockError) {
        let handle = try handle(id)
        let (slots, backing) = try await place.thread.run { (io: isolated IOThread) throws(BlockError) in
            (try definition.laterChildren(of: handle.value.driver), handle.value.driver.backingFileName)
        }
        table.update(id, holding: reservation) { $0.headerBacking = backing ?? "" }
        for slot in slots {
            let child = try await openLaterChild(slot, of: id, options, place, &reservation)
            do throws(BlockError) {
                try await connect([child], to: id, holding: reservation)
            } catch {
                await closeIfUnused(child.id, holding: reservation)
                throw error
            }
            guard let edge = topology.nodes[id]?.children.last.flatMap({ self.table.edge($0) }) else { continue }
            try await place.thread.run { (io: isolated IOThread) throws(BlockError) in
                try handle.value.driver.setChild(edge.value, named: slot.name)
            }
            guard slot.name == "backing", case .header = slot.content else { continue }
            let name = headers.write(filename(of: child.id))
            table.update(id, holding: reservation) { $0.headerBacking = name }
        }
    }

    private func openLaterChild(
        _ slot: ChildSlot, of id: NodeID, _ options: NodeOptions, _ place: OpeningPlace, _ reservation: inout Reservation
    ) async throws(BlockError) -> OpenChild {
        do throws(BlockError) {
            if case .header(let name) = slot.content {
                return try await openHeaderChild(slot, name, of: id, options, place, &reservation)
            }
            return try await openChild(slot, of: options, place, &reservation)
        } catch {
            throw BlockError(error.kind, slot.failure + error.message, hint: error.hint)
        }
    }

    /// Takes a node away that was not opened to the end. Children that came with it go, those that the caller opened stay.
    private func discardUnfinished(_ id: NodeID, holding reservation: borrowing Reservation) async {
        guard let node = topology.nodes[id] else { return }
        let children = node.children.compactMap { topology.edges[$0]?.child }
        if let handle = table.record(id)?.handle {
            await handle.thread.run { (io: isolated IOThread) async -> Void in await handle.value.driver.close() }
        }
        await giveUp(holding: reservation, from: children) { $0.remove(id) }
        for child in children { await closeIfUnused(child, holding: reservation) }
    }

    /// Opens what the drivers stand on: host files, devices, nothing.
    public static func openHostStorage(_ storage: StorageSpec, _ options: HostFileOptions, _ thread: isolated IOThread)
        async throws(BlockError) -> BlockStorage
    {
        switch storage {
        case .file(let file), .hostDevice(let file):
            return try await HostFileStorage.open(file.filename, options: options, on: thread)
        case .null(let null):
            return NullStorage(
                length: null.size ?? 1 << 30, latency: .nanoseconds(null.latency ?? 0), readsZeroes: null.readZeroes ?? false,
                on: thread)
        }
    }
}

extension Node {
    /// Whether every byte can be written without growing the node.
    var endIsAligned: Bool { length & Int64(driver.limits.requestAlignment - 1) == 0 }
}
