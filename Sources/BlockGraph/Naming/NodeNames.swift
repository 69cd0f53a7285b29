/// How nodes are named to a person, as the graph is at one moment: by a path where that says all there is to say, else by their options.
///
/// Each node's name is made once, and from the bottom of a chain upwards, however long it is. Not to be kept over a suspension: it shares the
/// graph's tables, which would be copied then.
struct NodeNames {
    private struct Name {
        var filename: NodeFilename
        /// Whether the node reads from another backing file than its image names, or from none though that names one.
        var hasOtherBacking: Bool
    }

    private let table: NodeTable
    private var topology: Topology { _read { yield table.topology } }
    private let write: HeaderPolicy.NameWriter
    private var known: [NodeID: Name] = [:]
    private var knownOptions: [NodeID: [NodeFilename.Option]] = [:]

    /// Names in a graph; `write` says how they look in an image's header.
    init(_ table: NodeTable, write: @escaping HeaderPolicy.NameWriter) {
        self.table = table
        self.write = write
    }

    /// A path where it says all there is to say, else options; a format's name is its file's when opening that anew, as this format, would
    /// give the same.
    mutating func filename(of id: NodeID) -> NodeFilename {
        var chain: [NodeID] = []
        var next: NodeID? = id
        while let node = next, known[node] == nil {
            chain.append(node)
            next = topology.child("backing", of: node)?.child
        }
        for node in chain.reversed() { _ = name(node) }
        return name(id).filename
    }

    /// The name of a node whose backing file's is known.
    private mutating func name(_ id: NodeID) -> Name {
        if let name = known[id] { return name }
        var name = Name(filename: .plain(""), hasOtherBacking: hasOtherBacking(id))
        known[id] = name
        if let definition = table.record(id)?.spec?.definition, !definition.isNamedAsChild {
            name.filename = exactFilename(id, definition).map { .plain($0) } ?? .options(options(id))
        } else if let child = primaryChild(id) {
            name.filename = filename(of: child)
        }
        known[id] = name
        return name
    }

    private mutating func hasOtherBacking(_ id: NodeID) -> Bool {
        guard let record = table.record(id), record.spec?.definition.backing ?? .unsupported != .unsupported else { return false }
        guard let backing = topology.child("backing", of: id)?.child else { return !record.headerBacking.isEmpty }
        return write(filename(of: backing)) != record.headerBacking
    }

    private func primaryChild(_ id: NodeID) -> NodeID? {
        topology.nodes[id]?.children.first.flatMap { topology.edges[$0]?.child }
    }

    private mutating func exactFilename(_ id: NodeID, _ definition: any DriverDefinition) -> String? {
        if let own = definition.exactFilename { return own }
        // Asked for by few: a long chain's names would be looked for again and again.
        let joined = definition.exactFilename {
            var below: [String?] = []
            for child in (topology.nodes[id]?.children ?? []).compactMap({ topology.edges[$0]?.child }) {
                below.append(table.record(child)?.spec.flatMap { exactFilename(child, $0.definition) })
            }
            return below
        }
        if let joined { return joined }
        guard !definition.isFilter, definition.strongOptions.isEmpty, !name(id).hasOtherBacking, let file = primaryChild(id) else {
            return nil
        }
        // Only a protocol node would be found again: a format below would be probed for, or not be there at all.
        guard topology.nodes[file]?.children.isEmpty == true else { return nil }
        return table.record(file)?.spec?.definition.exactFilename
    }

    /// The options that would open the node again, in the order in which QEMU shows them. A backing file that is the one that the image
    /// names is not among them.
    private mutating func options(_ id: NodeID) -> [NodeFilename.Option] {
        if let options = knownOptions[id] { return options }
        guard let node = topology.nodes[id] else { return [] }
        guard let definition = table.record(id)?.spec?.definition else { return filterOptions(node) }
        let hasOtherBacking = name(id).hasOtherBacking
        var children: [NodeFilename.Option] = []
        for edge in node.children.compactMap({ topology.edges[$0] }) where edge.name != "backing" || hasOtherBacking {
            children.append(.init(name: edge.name, value: .options(options(edge.child))))
        }
        if hasOtherBacking && topology.child("backing", of: id) == nil { children.append(.init(name: "backing", value: .null)) }
        let own = [NodeFilename.Option(name: "driver", value: .string(definition.name))] + definition.strongOptions
        let options = NodeFilename.inReferenceOrder(own + definition.shownChildren(children))
        knownOptions[id] = options
        return options
    }

    /// Those of a filter that a job has put in. One over a backing child is as good as not there, as in QEMU.
    private mutating func filterOptions(_ filter: Topology.Node) -> [NodeFilename.Option] {
        let edges = filter.children.compactMap { topology.edges[$0] }
        if let filtered = edges.first(where: { $0.name == "backing" }) { return options(filtered.child) }
        var own = [NodeFilename.Option(name: "driver", value: .string(filter.driverName))]
        for edge in edges { own.append(.init(name: edge.name, value: .options(options(edge.child)))) }
        return NodeFilename.inReferenceOrder(own)
    }
}

extension BlockGraph {
    /// The nodes' names now.
    func names() -> NodeNames { NodeNames(table, write: headers.write) }

    /// How a node is named to a person.
    func filename(of id: NodeID) -> NodeFilename {
        var names = names()
        return names.filename(of: id)
    }
}
