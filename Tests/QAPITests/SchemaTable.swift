import TestSupport

/// A reply of query-qmp-schema, ready for following paths through it.
struct SchemaTable {
    let entries: [WireValue]
    private let byName: [String: WireValue]

    init(_ reply: WireValue) {
        entries = reply.array ?? []
        byName = Dictionary(entries.map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(name: String?) -> WireValue? { name.flatMap { byName[$0] } }

    /// The object types' members, or an empty list.
    func members(of type: WireValue) -> [WireValue] { type["members"]?.array ?? [] }

    /// The type names that an entry mentions.
    static func references(of entry: WireValue) -> [String] {
        let direct = ["arg-type", "ret-type", "element-type"].compactMap { entry[$0]?.string }
        let members = (entry["members"]?.array ?? []).compactMap { $0["type"]?.string }
        let variants = (entry["variants"]?.array ?? []).compactMap { $0["type"]?.string }
        return direct + members + variants
    }

    /// Whether a path leads somewhere, in the way of management tools that probe for features. A step is `arg-type` or `ret-type`, a
    /// member's name (`*name` if it must be optional), `+value` for the members that come with a value of the tag, and at the end
    /// `^value` for an enumeration's value or `$feature`.
    func has(_ path: String) -> Bool {
        let steps = path.split(separator: "/").map(String.init)
        guard var entry = self[steps.first] else { return false }
        var features = entry["features"]
        for step in steps.dropFirst() {
            while entry["meta-type"]?.string == "array", let element = self[entry["element-type"]?.string] { entry = element }
            let rest = String(step.dropFirst())
            let next: WireValue?
            switch step.first {
            case "^": return members(of: entry).contains { $0["name"]?.string == rest }
            case "$": return features?.array?.contains { $0.string == rest } == true
            case "+":
                next = entry["variants"]?.array?.first { $0["case"]?.string == rest }
                features = nil
            default:
                if let type = entry[step]?.string, step.hasSuffix("-type") {
                    guard let found = self[type] else { return false }
                    entry = found
                    features = found["features"]
                    continue
                }
                let name = step.hasPrefix("*") ? rest : step
                next = members(of: entry).first { $0["name"]?.string == name && (!step.hasPrefix("*") || $0["default"] != nil) }
                features = next?["features"]
            }
            guard let next, let found = self[next["type"]?.string] else { return false }
            entry = found
        }
        return true
    }
}
