import TestSupport

/// Compares what one table has with another, from commands and events down, whatever the types' numbers.
///
/// The first may lack optional members, values, variants and branches, but what it has must be of the same shape and in the same order.
struct SchemaComparison {
    let ours: SchemaTable
    let theirs: SchemaTable
    /// The paths at which the first table differs.
    private(set) var unlike: [String] = []
    /// The pairs of types that were compared, for types that lead back to themselves.
    private var compared: Set<String> = []

    init(ours: SchemaTable, theirs: SchemaTable) {
        self.ours = ours
        self.theirs = theirs
    }

    mutating func compareTop(_ entry: WireValue) {
        let name = entry["name"]?.string ?? ""
        guard let other = theirs[name] else { return unlike.append(name) }
        if entry["meta-type"] != other["meta-type"] { unlike.append("\(name): \(entry["meta-type"]?.string ?? "")") }
        compareFeatures(entry, other, name)
        for key in ["arg-type", "ret-type"] { compareTypes(entry[key], other[key], "\(name)/\(key)") }
    }

    private mutating func compareFeatures(_ entry: WireValue, _ other: WireValue, _ path: String) {
        let known = (other["features"]?.array ?? []).compactMap(\.string)
        for feature in (entry["features"]?.array ?? []).compactMap(\.string) where !known.contains(feature) {
            unlike.append("\(path)/$\(feature)")
        }
    }

    private mutating func compareTypes(_ name: WireValue?, _ otherName: WireValue?, _ path: String) {
        guard name != nil || otherName != nil else { return }
        guard let name = name?.string, let otherName = otherName?.string, let type = ours[name], let other = theirs[otherName] else {
            return unlike.append("\(path): missing")
        }
        guard compared.insert("\(name) \(otherName)").inserted else { return }
        let kind = type["meta-type"]?.string ?? ""
        guard kind == other["meta-type"]?.string else {
            return unlike.append("\(path): \(kind) for \(other["meta-type"]?.string ?? "")")
        }
        compareFeatures(type, other, path)
        switch kind {
        case "builtin": if name != otherName { unlike.append("\(path): \(name) for \(otherName)") }
        case "array": compareTypes(type["element-type"], other["element-type"], path)
        case "enum": compareNames(type["members"], other["members"], key: "name", "\(path)/^")
        case "alternate":
            for (member, otherMember) in zip(type["members"]?.array ?? [], other["members"]?.array ?? []) {
                compareTypes(member["type"], otherMember["type"], path)
            }
        default: compareObjects(type, other, path)
        }
    }

    private mutating func compareObjects(_ type: WireValue, _ other: WireValue, _ path: String) {
        compareNames(type["members"], other["members"], key: "name", "\(path)/")
        let members = type["members"]?.array ?? []
        for otherMember in other["members"]?.array ?? [] {
            let name = otherMember["name"]?.string ?? ""
            guard let member = members.first(where: { $0["name"] == otherMember["name"] }) else {
                if otherMember["default"] == nil { unlike.append("\(path)/\(name): must be there") }
                continue
            }
            if (member["default"] == nil) != (otherMember["default"] == nil) { unlike.append("\(path)/\(name): optional") }
            compareFeatures(member, otherMember, "\(path)/\(name)")
            compareTypes(member["type"], otherMember["type"], "\(path)/\(name)")
        }
        if let tag = other["tag"], tag != type["tag"] { unlike.append("\(path): tag") }
        for variant in type["variants"]?.array ?? [] {
            let name = variant["case"]?.string ?? ""
            let isEmpty = ours[variant["type"]?.string].map { ours.members(of: $0).isEmpty } == true
            if let otherVariant = other["variants"]?.array?.first(where: { $0["case"] == variant["case"] }) {
                compareTypes(variant["type"], otherVariant["type"], "\(path)/+\(name)")
            } else if !isEmpty {
                unlike.append("\(path)/+\(name)")
            }
        }
    }

    /// Notes names that the other list lacks, and a different order of those that it has.
    private mutating func compareNames(_ list: WireValue?, _ otherList: WireValue?, key: String, _ path: String) {
        let names = (list?.array ?? []).compactMap { $0[key]?.string }
        let others = (otherList?.array ?? []).compactMap { $0[key]?.string }
        for name in names where !others.contains(name) { unlike.append("\(path)\(name)") }
        if names.filter(others.contains) != others.filter(names.contains) { unlike.append("\(path): order") }
    }
}
