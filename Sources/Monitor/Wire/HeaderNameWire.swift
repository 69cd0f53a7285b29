public import BlockGraph
import JSON
import QAPI
import QMP
public import Storage

/// Reads `json:` names in image headers: the gate that the graph asks for.
public enum HeaderNameWire {
    /// The node that a name stands for.
    /// - Parameters:
    ///   - text: what follows `json:`.
    ///   - format: the driver that the header gives beside the name; it wins.
    /// - Throws: in QEMU's words.
    public static func parse(_ text: String, _ format: String?) throws(BlockError) -> NodeSpec {
        let value: JSONValue
        do throws(JSONError) {
            let document = try JSONDocument(parsing: text)
            value = document.root.value
        } catch {
            throw BlockError(.invalidOption, "Could not parse the JSON options: \(error.description)")
        }
        guard case .object = value else { throw BlockError(.invalidOption, "Invalid JSON object given") }
        var tree = OptionTree()
        try tree.add(value)
        if let format { tree["driver"] = .text(format) }
        return try spec(tree)
    }

    /// A node's name as a header holds it.
    public static func text(_ name: NodeFilename) -> String { name.text }

    private static func spec(_ tree: OptionTree) throws(BlockError) -> NodeSpec {
        var tree = tree
        if case .text(let driver)? = tree["driver"] {
            guard BlockdevDriver(rawValue: driver) != nil else {
                throw BlockError(.invalidOption, "Unknown driver '\(driver)'")
            }
            tree.nameFileDriver()
            return try decode(tree, driver)
        }
        guard tree["file"] != nil else { throw BlockError(.invalidOption, "Must specify either driver or file") }
        // The format is found out when the file is open. Until then `raw` holds the place, whose options are those of every node.
        tree.nameFileDriver()
        tree["driver"] = .text(BlockdevDriver.raw.rawValue)
        var spec = try decode(tree, "raw")
        guard let file = spec.driver.rawFile else { throw BlockError(.invalidOption, "Must specify either driver or file") }
        spec.driver = .probed(over: file)
        return spec
    }

    private static func decode(_ tree: OptionTree, _ driver: String) throws(BlockError) -> NodeSpec {
        let text = String(decoding: tree.json.encoded(.compact), as: UTF8.self)
        let options = try decodeOptions(text, driver)
        do throws(QMPError) {
            return try NodeSpec(options)
        } catch {
            throw BlockError(.invalidOption, error.desc)
        }
    }

    private static func decodeOptions(_ text: String, _ driver: String) throws(BlockError) -> BlockdevOptions {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: text)
        } catch {
            throw BlockError(.invalidOption, error.description)
        }
        do throws(ArgumentError) {
            // Options in a name may be strings, whatever their type.
            return try BlockdevAdd.decode(document.root, style: .keyval).arguments
        } catch {
            throw BlockError(.invalidOption, inTheReferencesWords(error.description, driver))
        }
    }

    /// QEMU reads such options by another way than its commands, which has a sentence of its own for what it doesn't know.
    private static func inTheReferencesWords(_ text: String, _ driver: String) -> String {
        if text == "Parameter 'file' is missing" { return "A block device must be specified for \"file\"" }
        guard text.hasPrefix("Parameter '"), text.hasSuffix("' is unexpected") else { return text }
        let name = text.dropFirst("Parameter '".count).dropLast("' is unexpected".count)
        return "Block format '\(driver)' does not support the option '\(name)'"
    }
}

/// Options as a tree, from objects whose keys may themselves be paths: `{"file.driver": "file"}`.
private struct OptionTree {
    indirect enum Item {
        case text(String)
        case null
        case array([JSONValue])
        case tree(OptionTree)
    }

    /// More levels than this no node needs.
    private static let maximumDepth = 100

    private struct Entry {
        let name: String
        let item: Item
    }

    private var items: [Entry] = []

    subscript(name: String) -> Item? {
        get { items.first { $0.name == name }?.item }
        set {
            items.removeAll { $0.name == name }
            if let newValue { items.append(Entry(name: name, item: newValue)) }
        }
    }

    mutating func add(_ value: JSONValue, depth: Int = 0) throws(BlockError) {
        guard depth < Self.maximumDepth else { throw BlockError(.invalidOption, "The options are nested too deeply") }
        guard case .object(let members) = value else { return }
        for member in members {
            try put(member.value, at: member.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...], depth)
        }
    }

    private mutating func put(_ value: JSONValue, at path: ArraySlice<String>, _ depth: Int) throws(BlockError) {
        guard let name = path.first, depth + path.count < Self.maximumDepth else {
            throw BlockError(.invalidOption, "The options are nested too deeply")
        }
        if path.count > 1 {
            var inner = try inside(name)
            try inner.put(value, at: path.dropFirst(), depth + 1)
            self[name] = .tree(inner)
            return
        }
        switch value {
        case .object:
            var inner = try inside(name)
            try inner.add(value, depth: depth + 1)
            self[name] = .tree(inner)
        case .array(let elements): self[name] = .array(elements)
        case .null: self[name] = .null
        case .string(let text): self[name] = .text(text)
        case .bool(let flag): self[name] = .text(flag ? "on" : "off")
        case .integer(let number): self[name] = .text(String(number))
        case .unsigned(let number): self[name] = .text(String(number))
        case .double(let number): self[name] = .text(String(number))
        }
    }

    private func inside(_ name: String) throws(BlockError) -> OptionTree {
        switch self[name] {
        case nil: return OptionTree()
        case .tree(let tree)?: return tree
        default: throw BlockError(.invalidOption, "Cannot mix scalar and non-scalar keys")
        }
    }

    /// A file of which only the name is given is a file.
    mutating func nameFileDriver() {
        guard case .tree(var file)? = self["file"] else { return }
        if file["driver"] == nil, case .text(let name)? = file["filename"] {
            file["driver"] = .text("file")
            if name.hasPrefix("file:") { file["filename"] = .text(String(name.dropFirst(5))) }
        }
        file.nameFileDriver()
        self["file"] = .tree(file)
    }

    var json: JSONValue {
        .object(
            items.map { entry in
                switch entry.item {
                case .text(let text): JSONValue.Member(entry.name, .string(text))
                case .null: JSONValue.Member(entry.name, .null)
                case .array(let elements): JSONValue.Member(entry.name, .array(elements))
                case .tree(let tree): JSONValue.Member(entry.name, tree.json)
                }
            })
    }
}
