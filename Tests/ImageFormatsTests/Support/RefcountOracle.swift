/// A second opinion on an image's refcounts that shares no code with what it judges: counts every reference from the header on.
///
/// Images with internal snapshots or bitmaps are not for it.
struct RefcountOracle {
    /// What it finds.
    enum Verdict: Equatable {
        case clean
        /// Clusters that are counted more often than used.
        case leaks(Int)
        case corrupt(String)
    }

    private let file: [UInt8]
    private var used: [Int: Int] = [:]
    private var owned: [(cluster: Int, isCopied: Bool, what: String)] = []
    private var problem: String?
    private let clusterBits: Int
    private let hasSubclusters: Bool
    private let hasDataFile: Bool

    init(_ file: [UInt8]) {
        self.file = file
        clusterBits = Int(file.number(at: 16) & 0xffff_ffff)
        let isVersion3 = file.number(at: 0) & 0xffff_ffff == 3
        let incompatible = isVersion3 ? file.number(at: 72) : 0
        hasSubclusters = incompatible & 16 != 0
        hasDataFile = incompatible & 4 != 0
    }

    private var clusterSize: Int { 1 << clusterBits }
    private var refcountOrder: Int { file.number(at: 0) & 0xffff_ffff == 3 ? Int(file.number(at: 92) & 0xffff_ffff) : 4 }

    /// Judges the image. A lazily counted one (dirty bit) needs its repair first.
    func judge() -> Verdict {
        var counting = self
        counting.countAll()
        if let problem = counting.problem { return .corrupt(problem) }
        return counting.compare()
    }

    private mutating func use(_ offset: Int, bytes: Int, _ what: String) {
        guard bytes > 0 else { return }
        // The last cluster may be written in part, but not be missing.
        if offset + bytes - file.count >= clusterSize { problem = problem ?? "\(what) at \(offset) lies beyond the end, \(file.count)" }
        for cluster in offset >> clusterBits...(offset + bytes - 1) >> clusterBits { used[cluster, default: 0] += 1 }
    }

    private mutating func countAll() {
        use(0, bytes: 1, "header")
        let tableOffset = Int(file.number(at: 48))
        let tableSize = Int(file.number(at: 56) >> 32) << clusterBits
        use(tableOffset, bytes: tableSize, "refcount table")
        for index in 0..<tableSize / 8 {
            let block = Int(word(tableOffset + index * 8))
            if block != 0 { use(block, bytes: clusterSize, "refcount block \(index)") }
        }
        let l1Offset = Int(file.number(at: 40))
        let l1Size = Int(file.number(at: 36) >> 32)
        use(l1Offset, bytes: l1Size * 8, "L1 table")
        for index in 0..<l1Size {
            let entry = word(l1Offset + index * 8)
            let table = Int(entry & 0x00ff_ffff_ffff_fe00)
            guard table != 0 else { continue }
            use(table, bytes: clusterSize, "L2 table \(index)")
            owned.append((table >> clusterBits, entry >> 63 != 0, "L2 table \(index)"))
            countTable(table, index)
        }
    }

    private mutating func countTable(_ table: Int, _ number: Int) {
        let entrySize = hasSubclusters ? 16 : 8
        for index in 0..<clusterSize / entrySize {
            let entry = word(table + index * entrySize)
            let what = "L2 entry \(number).\(index)"
            if entry >> 62 & 1 != 0 {
                let bits = UInt64(62 - (clusterBits - 8))
                let offset = Int(entry & (1 << bits - 1))
                let sectors = Int(entry >> bits & (1 << UInt64(clusterBits - 8) - 1)) + 1
                let first = offset & ~511
                // The last sector may be missing in part.
                use(first, bytes: sectors * 512, what)
            } else if !hasDataFile, entry & 0x00ff_ffff_ffff_fe00 != 0 {
                let offset = Int(entry & 0x00ff_ffff_ffff_fe00)
                if offset & (clusterSize - 1) != 0 { problem = problem ?? "\(what) is not aligned" }
                use(offset, bytes: clusterSize, what)
                owned.append((offset >> clusterBits, entry >> 63 != 0, what))
            }
        }
    }

    private func compare() -> Verdict {
        var leaks = 0
        let highest = max(used.keys.max() ?? 0, (file.count + clusterSize - 1) >> clusterBits)
        for cluster in 0...highest {
            let (counted, users) = (count(of: cluster), used[cluster] ?? 0)
            if counted < users { return .corrupt("cluster \(cluster) is counted \(counted) times and used \(users) times") }
            if counted > users { leaks += 1 }
        }
        for (cluster, isCopied, what) in owned where isCopied && (used[cluster] ?? 0) != 1 {
            return .corrupt("\(what): the copied flag of cluster \(cluster), used \(used[cluster] ?? 0) times")
        }
        return leaks == 0 ? .clean : .leaks(leaks)
    }

    private func count(of cluster: Int) -> Int {
        let blockBits = clusterBits + 3 - refcountOrder
        let tableOffset = Int(file.number(at: 48))
        let tableSize = Int(file.number(at: 56) >> 32) << clusterBits
        guard cluster >> blockBits < tableSize / 8 else { return 0 }
        let block = Int(word(tableOffset + (cluster >> blockBits) * 8))
        guard block != 0 else { return 0 }
        let bit = (cluster & (1 << blockBits - 1)) << refcountOrder
        if refcountOrder < 3 {
            let mask = 1 << (1 << refcountOrder) - 1
            return Int(byte(block + bit >> 3)) >> (bit & 7) & mask
        }
        return (0..<1 << (refcountOrder - 3)).reduce(0) { $0 << 8 | Int(byte(block + bit / 8 + $1)) }
    }

    private func byte(_ offset: Int) -> UInt8 { offset < file.count ? file[offset] : 0 }
    private func word(_ offset: Int) -> UInt64 { offset + 8 <= file.count ? file.number(at: offset) : 0 }
}

extension [UInt8] {
    /// The eight bytes at `offset` as a big-endian number.
    fileprivate func number(at offset: Int) -> UInt64 { self[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
}
