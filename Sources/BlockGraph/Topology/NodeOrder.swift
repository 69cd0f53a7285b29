/// Nodes in the order in which they came. Adding and removing cost the same however many there are: gaps are closed now and then.
struct NodeOrder {
    private var slots: [NodeID?] = []
    private var places: [NodeID: Int] = [:]

    var count: Int { places.count }

    /// A new list of all, the newest first.
    var newestFirst: [NodeID] { slots.reversed().compactMap { $0 } }

    mutating func append(_ id: NodeID) {
        places[id] = slots.count
        slots.append(id)
    }

    mutating func remove(_ id: NodeID) {
        guard let place = places.removeValue(forKey: id) else { return }
        slots[place] = nil
        if slots.count > 2 * places.count + 32 { close() }
    }

    private mutating func close() {
        slots = slots.filter { $0 != nil }
        for (place, id) in slots.enumerated() { if let id { places[id] = place } }
    }
}
