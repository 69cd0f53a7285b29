/// The commands of one session whose replies are not on their way yet, or which go on after an early reply.
///
/// There is mostly one and seldom more than a few, so they are searched one after the other: a dictionary's hashing would be a tenth of what an
/// exchange costs.
struct OpenReplies {
    /// How far a command and its reply have come.
    enum Phase: Sendable, Equatable {
        /// The command is in progress; the id to echo, as JSON text.
        case owed(id: [UInt8]?)
        /// The command has ended, its reply is being encoded.
        case encoding
        /// The command goes on, and its early reply is being encoded.
        case encodingEarly
        /// The command goes on, and its early reply is on its way.
        case answered
    }

    private struct Entry {
        let ticket: Ticket
        var phase: Phase
        /// Bytes of the request's message.
        let size: Int
    }

    private var entries: [Entry] = []
    /// Bytes of the messages whose commands are in progress.
    private(set) var size = 0

    var isEmpty: Bool { entries.isEmpty }

    /// A command begins.
    mutating func begin(_ ticket: Ticket, id: [UInt8]?, size: Int) {
        entries.append(Entry(ticket: ticket, phase: .owed(id: id), size: size))
        self.size += size
    }

    /// The command gives its reply, and has ended or goes on.
    /// - Returns: the id to echo; nil when the reply is not wanted, since one was given before.
    mutating func answer(_ ticket: Ticket, isLast: Bool) -> Answer? {
        guard let index = index(of: ticket) else { return nil }
        switch (entries[index].phase, isLast) {
        case (.owed(let id), _):
            entries[index].phase = isLast ? .encoding : .encodingEarly
            return .reply(id: id)
        case (.encodingEarly, true):
            entries[index].phase = .encoding
            return nil
        case (.answered, true):
            remove(index)
            return .ended
        case (.encodingEarly, false), (.answered, false), (.encoding, _):
            return nil
        }
    }

    /// What an answer comes to.
    enum Answer: Equatable {
        /// It goes to the client, with this id.
        case reply(id: [UInt8]?)
        /// The command has ended, and its reply is long on its way.
        case ended
    }

    /// A reply is on its way.
    /// - Returns: whether the command has ended.
    mutating func sent(_ ticket: Ticket) -> Bool {
        guard let index = index(of: ticket) else { return false }
        guard entries[index].phase == .encoding else {
            entries[index].phase = .answered
            return false
        }
        remove(index)
        return true
    }

    private func index(of ticket: Ticket) -> Int? { entries.lastIndex { $0.ticket == ticket } }

    private mutating func remove(_ index: Int) {
        size -= entries[index].size
        entries.swapAt(index, entries.count - 1)
        entries.removeLast()
    }
}
