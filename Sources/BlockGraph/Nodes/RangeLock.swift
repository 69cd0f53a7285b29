/// Orders requests whose ranges overlap: shared holders coexist, an exclusive one excludes everything that touches its range.
///
/// Loop-bound. First come, first served among overlapping ranges, so nobody starves; a caller holds at most one range of a lock at a
/// time, so nobody deadlocks. Slots are reused: after warming up, taking a range allocates only when it must wait.
public final class RangeLock {
    /// Whether holders of overlapping ranges may coexist.
    public enum Mode: Sendable {
        /// With other shared holders.
        case shared
        /// With nobody.
        case exclusive
    }

    /// Names a range taken; give it back with `release`.
    public struct Token: Sendable {
        fileprivate let slot: Int
        fileprivate let ticket: UInt64
    }

    private struct Slot {
        var start: Int64 = 0
        var end: Int64 = 0
        /// Orders the requests; 0 marks a free slot.
        var ticket: UInt64 = 0
        var exclusive = false
        /// How many overlapping earlier requests must end first.
        var blockers = 0
        var waiter: UnsafeContinuation<Void, Never>?
    }

    private var slots: [Slot] = []
    private var free: [Int] = []
    private var nextTicket: UInt64 = 1
    /// Exclusive ranges held or waited for.
    public private(set) var exclusiveCount = 0
    /// Ranges held or waited for.
    public var count: Int { slots.count - free.count }

    /// Makes a lock that nobody holds.
    public init() {}

    /// Takes `count` bytes at `offset`, waiting until every earlier conflicting holder has released.
    public func acquire(at offset: Int64, count: Int64, mode: Mode) async -> Token {
        let slot = enter(offset, offset + max(0, count), mode == .exclusive)
        if slots[slot].blockers > 0 {
            await withUnsafeContinuation { continuation in
                // Looked at again: what came between this line and the one before may have been the release.
                if slots[slot].blockers == 0 { continuation.resume() } else { slots[slot].waiter = continuation }
            }
        }
        return Token(slot: slot, ticket: slots[slot].ticket)
    }

    /// Takes the range only if nobody is in the way.
    public func tryAcquire(at offset: Int64, count: Int64, mode: Mode) -> Token? {
        let slot = enter(offset, offset + max(0, count), mode == .exclusive)
        if slots[slot].blockers > 0 {
            leave(slot)
            return nil
        }
        return Token(slot: slot, ticket: slots[slot].ticket)
    }

    /// Gives a range back and lets those go on that waited for it alone.
    public func release(_ token: Token) {
        precondition(slots[token.slot].ticket == token.ticket, "a range is released once")
        leave(token.slot)
    }

    private func enter(_ start: Int64, _ end: Int64, _ exclusive: Bool) -> Int {
        var blockers = 0
        if exclusive || exclusiveCount > 0 {
            for other in slots where other.ticket != 0 {
                if (exclusive || other.exclusive) && other.start < end && start < other.end { blockers += 1 }
            }
        }
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = slots.count
            slots.append(Slot())
        }
        slots[slot] = Slot(start: start, end: end, ticket: nextTicket, exclusive: exclusive, blockers: blockers)
        nextTicket += 1
        if exclusive { exclusiveCount += 1 }
        return slot
    }

    private func leave(_ slot: Int) {
        let gone = slots[slot]
        slots[slot].ticket = 0
        free.append(slot)
        if gone.exclusive { exclusiveCount -= 1 }
        guard gone.exclusive || exclusiveCount > 0 else { return }
        for index in slots.indices {
            let other = slots[index]
            guard other.ticket > gone.ticket, gone.exclusive || other.exclusive, other.start < gone.end, gone.start < other.end
            else { continue }
            slots[index].blockers -= 1
            if slots[index].blockers == 0, let waiter = other.waiter {
                slots[index].waiter = nil
                waiter.resume()
            }
        }
    }
}
