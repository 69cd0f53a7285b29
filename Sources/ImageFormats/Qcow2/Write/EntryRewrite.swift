/// What becomes of an entry that is zeroed or discarded.
struct EntryRewrite {
    /// The entry that takes its place.
    let entry: L2Entry
    /// Whether the old one's host clusters lose a reference.
    let drops: Bool
    /// Space that stays the entry's own while nothing in it shows any more. What a snapshot shows too is nobody's own.
    let idle: HostOffset?
}

/// How a range of the virtual disk is made to read as zeroes, or as what is not there.
struct Rewriting {
    let reader: L2Reader
    /// Whether the host clusters may be given back.
    let mayUnmap: Bool
    /// Whether they are kept all the same, as zero clusters with space (`discard-no-unref`).
    let keepsReferences: Bool
    /// Whether nothing, rather than zeroes, is to be there.
    let unallocates: Bool
    /// Whether what is not allocated reads as it should already.
    var skipsUnallocated = false

    /// The entry for the cluster at `guest` with the subclusters of `mask` rewritten; nil when it stays as it is.
    ///
    /// `mask` is all ones but for images with subclusters, and for compressed clusters always.
    func rewrite(_ old: L2Entry, mask: UInt32, at guest: GuestOffset) -> EntryRewrite? {
        let host = space(of: old, at: guest)
        let isAllocated = host != nil || old.isCompressed
        if skipsUnallocated && !isAllocated { return nil }
        let unmaps = old.isCompressed || (mayUnmap && isAllocated && !keepsReferences && mask == .max)
        let new = unmaps || !isAllocated ? bare(old, mask) : kept(old, mask)
        if new == old { return nil }
        return EntryRewrite(entry: new, drops: unmaps, idle: unmaps || mask != .max || !old.isCopied ? nil : host)
    }

    private func space(of old: L2Entry, at guest: GuestOffset) -> HostOffset? {
        guard !old.isCompressed else { return nil }
        if old.host.bytes != 0 { return old.host }
        return reader.hasDataFile && old.isCopied ? HostOffset(guest.bytes) : nil
    }

    /// Without space.
    private func bare(_ old: L2Entry, _ mask: UInt32) -> L2Entry {
        if reader.geometry.hasSubclusters {
            let before = old.isCompressed ? 0 : old.zeroSubclusters
            return .subclusters(nil, isCopied: false, allocated: 0, zero: unallocates ? before & ~mask : before | mask)
        }
        return unallocates ? .unallocated : .zero(nil, isCopied: false)
    }

    /// With its space.
    private func kept(_ old: L2Entry, _ mask: UInt32) -> L2Entry {
        guard reader.geometry.hasSubclusters else { return L2Entry(word: old.word | L2Entry.zeroBit) }
        let allocated = old.allocatedSubclusters & ~mask
        return L2Entry(word: old.word, subclusters: UInt64(old.zeroSubclusters | mask) << 32 | UInt64(allocated))
    }
}
