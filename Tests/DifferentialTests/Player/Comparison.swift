/// Two transcripts of one script, set side by side.
struct Comparison {
    /// A readable account of the first mismatch, or nil when the transcripts agree.
    static func mismatch(reference: Transcript, blockjobd: Transcript, order: Script.Order) -> String? {
        let left = reference.lanes(order)
        let right = blockjobd.lanes(order)
        for lane in Set(left.keys).union(right.keys).sorted() {
            let one = (left[lane] ?? []).map(\.line)
            let other = (right[lane] ?? []).map(\.line)
            if one != other { return sideBySide(lane, one, other) }
        }
        return nil
    }

    /// The lane with both columns; lines that both have are printed once. The first mismatch is marked.
    private static func sideBySide(_ lane: String, _ reference: [String], _ blockjobd: [String]) -> String {
        let pairs = align(reference, blockjobd)
        let first = pairs.firstIndex { $0.0 != $0.1 } ?? 0
        var lines = ["The first mismatch, in the order of \(lane):"]
        if first > 8 { lines.append("      (\(first - 8) lines alike)") }
        for (index, pair) in pairs.enumerated().dropFirst(max(0, first - 8)).prefix(40) {
            let mark = index == first ? "=>" : "  "
            if pair.0 == pair.1 {
                lines.append("\(mark)    both | \(pair.0 ?? "")")
            } else {
                if let text = pair.0 { lines.append("\(mark)reference | \(text)") }
                if let text = pair.1 { lines.append("\(mark)blockjobd | \(text)") }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Pairs equal lines in the order of a longest common subsequence, so that one line too many does not make the rest look different.
    private static func align(_ one: [String], _ other: [String]) -> [(String?, String?)] {
        var lengths = [[Int]](repeating: [Int](repeating: 0, count: other.count + 1), count: one.count + 1)
        for i in one.indices.reversed() {
            for j in other.indices.reversed() {
                lengths[i][j] = one[i] == other[j] ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
            }
        }
        var pairs: [(String?, String?)] = []
        var (i, j) = (0, 0)
        while i < one.count || j < other.count {
            if i < one.count, j < other.count, one[i] == other[j] {
                pairs.append((one[i], other[j]))
                i += 1
                j += 1
            } else if j == other.count || (i < one.count && lengths[i + 1][j] >= lengths[i][j + 1]) {
                pairs.append((one[i], nil))
                i += 1
            } else {
                pairs.append((nil, other[j]))
                j += 1
            }
        }
        return pairs
    }
}
