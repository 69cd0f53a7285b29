import TestSupport

/// One line of a recorded dialogue.
struct Entry: Sendable {
    enum Kind: Sendable {
        /// What the script did.
        case step
        case reply
        case event
        case greeting
        /// What the player observed itself: the end of a connection, a file's content.
        case note
    }

    let client: String
    let kind: Kind
    /// The message, normalised; null for steps and notes.
    var value: WireValue
    /// The text of a step or note; for a message, what is wrong with its form, if anything.
    var text: String

    /// The job whose event this is: its id, or the device of a block job's event.
    var job: String? {
        guard kind == .event else { return nil }
        return value.at("data.id")?.string ?? value.at("data.device")?.string
    }

    /// The entry as it is compared and shown. A message's own members keep their order, what is inside them is put in a canonical one.
    var line: String {
        switch kind {
        case .step: "\(client) > \(text)"
        case .note: "\(client) : \(text)"
        case .reply, .event, .greeting:
            "\(client) < {"
                + (value.members ?? []).map { "\(WireValue.quoted($0.name)): \($0.value.canonical)" }.joined(separator: ", ") + "}"
                + text
        }
    }
}

/// What one daemon did in one script, in the order in which the script saw it.
struct Transcript: Sendable {
    var entries: [Entry] = []

    /// Splits the entries into sequences that have an order of their own.
    func lanes(_ order: Script.Order) -> [String: [Entry]] {
        switch order {
        case .strict: Dictionary(grouping: entries, by: \.client)
        case .replies: Dictionary(grouping: entries) { $0.kind == .event ? "events of \($0.client)" : $0.client }
        case .jobs:
            Dictionary(grouping: entries) { entry in
                entry.kind == .event ? "events of \(entry.job ?? "no job") at \(entry.client)" : entry.client
            }
        }
    }

    /// The whole dialogue as text.
    var text: String { entries.map(\.line).joined(separator: "\n") }
}

/// Takes what differs from run to run out of messages: times, temporary paths, generated node names, versions, sizes on disk.
struct Normaliser {
    private let directory: String
    private let masked: Set<String>
    private var nodeNames: [String: String] = [:]

    init(directory: String, masked: Set<String>) {
        self.directory = directory
        self.masked = masked.union(["actual-size"])
    }

    /// The message as an entry.
    mutating func entry(_ message: WireMessage, client: String) -> Entry {
        var faults = message.endsInCRLF ? "" : "  (does not end in CRLF)"
        if message.value.wireText != message.text { faults += "  (not in the wire's style: \(message.text))" }
        let kind: Entry.Kind = message.event != nil ? .event : message.value["QMP"] != nil ? .greeting : .reply
        var members = message.value.members ?? []
        for index in members.indices {
            switch members[index].name {
            case "timestamp": members[index].value = Normaliser.isTimestamp(members[index].value) ? .string("TIME") : members[index].value
            case "QMP": members[index].value = normaliseVersion(members[index].value)
            default: members[index].value = normalise(members[index].value)
            }
        }
        return Entry(client: client, kind: kind, value: .object(members), text: faults)
    }

    /// The text of a step or note without what differs from run to run.
    func plain(_ text: String) -> String { ScriptReader.replace(directory, by: "${DIR}", in: text) }

    private static func isTimestamp(_ value: WireValue) -> Bool {
        // Whoever runs these tests lives after September 2020.
        guard let members = value.members, members.map(\.name) == ["seconds", "microseconds"] else { return false }
        guard let seconds = value["seconds"]?.integer, let microseconds = value["microseconds"]?.integer else { return false }
        return seconds > 1_600_000_000 && (0..<1_000_000).contains(microseconds)
    }

    private func normaliseVersion(_ greeting: WireValue) -> WireValue {
        guard let version = greeting["version"], let qemu = version["qemu"]?.members, version["package"]?.string != nil else {
            return greeting
        }
        guard Set(qemu.map(\.name)) == ["micro", "minor", "major"], qemu.allSatisfy({ $0.value.integer != nil }) else { return greeting }
        return .object((greeting.members ?? []).map { $0.name == "version" ? ($0.name, .string("VERSION")) : $0 })
    }

    private mutating func normalise(_ value: WireValue) -> WireValue {
        switch value {
        case .string(let text): return .string(normalise(text))
        case .array(let elements):
            var result: [WireValue] = []
            for element in elements { result.append(normalise(element)) }
            return .array(result)
        case .object(let members):
            if Set(members.map(\.name)) == ["qemu", "package"] { return .string("VERSION") }
            var result: [WireValue.Member] = []
            for (name, value) in members { result.append((name, masked.contains(name) ? .string("MASKED") : normalise(value))) }
            return .object(result)
        default: return value
        }
    }

    /// Generated node names are numbered in the order in which they are met.
    private mutating func normalise(_ text: String) -> String {
        // A node's description in JSON compares by structure, too.
        if text.hasPrefix("json:"), let described = try? WireParser.parse(String(text.dropFirst(5))) {
            return "json:" + normalise(described).canonical
        }
        var result = ""
        var rest = plain(text)[...]
        while let range = rest.firstRange(of: "#block") {
            let digits = rest[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
            let name = String(rest[range.lowerBound..<digits.endIndex])
            if nodeNames[name] == nil { nodeNames[name] = "#node\(nodeNames.count + 1)" }
            result += rest[..<range.lowerBound] + (nodeNames[name] ?? name)
            rest = rest[digits.endIndex...]
        }
        return result + rest
    }
}
