/// The commands of one session that have not answered yet, each with the id to echo.
///
/// There is mostly one and seldom more than a few, so they are searched one after the other: a dictionary's hashing would be a tenth of what an
/// exchange costs.
struct OwedReplies {
    /// One reply that is owed.
    struct Owed {
        let ticket: Ticket
        /// The id's JSON text, if the request has one.
        let id: [UInt8]?
    }

    private var owed: [Owed] = []

    /// Whether every command has answered.
    var isEmpty: Bool { owed.isEmpty }

    /// A command begins.
    mutating func add(_ ticket: Ticket, id: [UInt8]?) { owed.append(Owed(ticket: ticket, id: id)) }

    /// A command answers. Nil when it already has.
    mutating func remove(_ ticket: Ticket) -> Owed? {
        guard let index = owed.lastIndex(where: { $0.ticket == ticket }) else { return nil }
        owed.swapAt(index, owed.count - 1)
        return owed.removeLast()
    }
}
