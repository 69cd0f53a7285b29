import QMP

/// Replies that show each node with all those below it grow with the square of a chain: they are refused before they are made.
enum NestedReply {
    /// The most nodes that a reply may show, counted each time that they are shown.
    static let mostNodes = 50_000

    /// - Parameters:
    ///   - nodes: each with the one that is shown within it.
    ///   - remedy: what the client can do instead.
    /// - Throws: when the reply would be too large.
    static func check(_ nodes: [(name: String, below: String?)], remedy: String) throws(QMPError) {
        let below = Dictionary(nodes.map { ($0.name, $0.below) }, uniquingKeysWith: { first, _ in first })
        var depths: [String: Int] = [:]
        var shown = 0
        for (name, _) in nodes {
            var path: [String] = []
            var next: String? = name
            while let current = next, depths[current] == nil, below[current] != nil {
                path.append(current)
                next = below[current] ?? nil
            }
            var depth = next.flatMap { depths[$0] } ?? 0
            for node in path.reversed() {
                depth += 1
                depths[node] = depth
            }
            shown += depths[name] ?? 1
        }
        guard shown <= mostNodes else {
            throw QMPError("The reply would show \(shown) nodes within nodes, more than \(mostNodes): \(remedy)")
        }
    }
}
