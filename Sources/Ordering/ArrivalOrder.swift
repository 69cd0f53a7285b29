/// Keys in the order in which they came. Adding and removing one cost the same however many there are: gaps are closed now and then.
public struct ArrivalOrder<Key: Hashable> {
    @usableFromInline var slots: [Key?] = []
    @usableFromInline var places: [Key: Int] = [:]

    /// Nothing has come yet.
    @inlinable
    public init() {}

    /// How many there are.
    @inlinable public var count: Int { places.count }

    /// A new list of all, the newest first.
    @inlinable public var newestFirst: [Key] { slots.reversed().compactMap { $0 } }

    /// Adds a key that is not there.
    @inlinable
    public mutating func append(_ key: Key) {
        places[key] = slots.count
        slots.append(key)
    }

    /// Removes a key; nothing when it is not there.
    @inlinable
    public mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        slots[place] = nil
        if slots.count > 2 * places.count + 32 { closeGaps() }
    }

    @usableFromInline
    mutating func closeGaps() {
        slots = slots.filter { $0 != nil }
        for (place, key) in slots.enumerated() { if let key { places[key] = place } }
    }
}
