extension L2Reader {
    /// A run of one kind, or what is wrong with its first entry.
    enum Run: Equatable {
        case mapped(Qcow2Mapping, length: Int)
        case fault(L2Fault)
    }

    /// The run that begins at `guest`, within one slice.
    /// - Parameters:
    ///   - slice: the slice's bytes.
    ///   - index: the entry of the slice that `guest` belongs to.
    ///   - limit: bytes that are asked for, at least one.
    @inline(__always)
    func run(in slice: UnsafeRawBufferPointer, at index: Int, guest: GuestOffset, limit: Int) -> Run {
        let entry = L2Entry(slice, at: index, hasSubclusters: geometry.hasSubclusters)
        let inCluster = geometry.offsetInCluster(guest)
        let subcluster = geometry.hasSubclusters ? inCluster >> geometry.subclusterBits : 0
        let content = content(entry, subcluster: subcluster, guest: geometry.clusterStart(guest))
        let end = (subcluster + runLength(entry, from: subcluster)) << geometry.subclusterBits
        var length = end - inCluster
        if length < limit, end == geometry.clusterSize {
            length += following(content, in: slice, after: index, guest: geometry.clusterStart(guest), limit: limit - length)
        }
        length = min(length, limit)
        switch content {
        case .data(let host): return .mapped(.data(host + Int64(inCluster)), length: length)
        case .zero(let host): return .mapped(.zero(allocated: host.map { $0 + Int64(inCluster) }), length: length)
        case .unallocated: return .mapped(.unallocated, length: length)
        case .compressed(let cluster): return .mapped(.compressed(cluster), length: min(length, geometry.clusterSize - inCluster))
        case .fault(let fault): return .fault(fault)
        }
    }

    /// How many bytes of the entries after `index` go on with `content`, up to the slice's end, until at least `limit`.
    private func following(
        _ content: Content, in slice: UnsafeRawBufferPointer, after index: Int, guest: GuestOffset, limit: Int
    ) -> Int {
        if case .compressed = content { return 0 }
        if case .fault = content { return 0 }
        let count = slice.count / geometry.l2EntrySize
        var next = index + 1
        var length = 0
        while length < limit, next < count {
            let distance = Int64(next - index) << Int64(geometry.clusterBits)
            let entry = L2Entry(slice, at: next, hasSubclusters: geometry.hasSubclusters)
            guard self.content(entry, subcluster: 0, guest: guest + distance) == shifted(content, by: distance) else { break }
            let run = runLength(entry, from: 0) << geometry.subclusterBits
            length += run
            if run < geometry.clusterSize { break }
            next += 1
        }
        return length
    }

    /// What goes on with `content` so many bytes later.
    @inline(__always)
    private func shifted(_ content: Content, by distance: Int64) -> Content {
        switch content {
        case .data(let host): .data(host + distance)
        case .zero(let host): .zero(host.map { $0 + distance })
        case .unallocated(let host): .unallocated(host.map { $0 + distance })
        case .compressed, .fault: content
        }
    }
}
