public import Storage

/// A name that an image's header gives for another image.
public struct HeaderName: Sendable, Equatable {
    /// The name as it is stored.
    public var text: String
    /// The format that the header says it has; nil to find out.
    public var format: String?
    /// Whether it names a data file: such a name is a path and nothing else, whatever it looks like.
    public var isData: Bool

    /// Makes a name.
    public init(text: String, format: String?, isData: Bool) {
        self.text = text
        self.format = format
        self.isData = isData
    }
}

/// What names in image headers may do. Who can write to an image can write them, so this is where trust ends.
public struct HeaderPolicy: Sendable {
    /// Reads what follows `json:` in a name, with the format that the header gives beside it: the options of a node.
    public typealias JSONGate = @Sendable (_ text: String, _ format: String?) throws(BlockError) -> NodeSpec

    /// Writes a node's name as a header can hold it: a path, or `json:` and its options.
    public typealias NameWriter = @Sendable (NodeFilename) -> String

    /// The directories that files named in headers must be in; nil is anywhere.
    public var roots: ImageRoots?
    /// Reads `json:` names.
    public var json: JSONGate
    /// Writes names into the headers of new overlays, and for the comparison with those that headers hold.
    public var write: NameWriter

    /// Makes a policy; by default files may be anywhere, and `json:` names are refused, and written as empty ones.
    public init(
        roots: ImageRoots? = nil,
        json: @escaping JSONGate = { (_, _) throws(BlockError) in
            throw BlockError(.unsupported, "json: names in image headers are not supported here")
        },
        write: @escaping NameWriter = { if case .plain(let path) = $0 { path } else { "" } }
    ) {
        self.roots = roots
        self.json = json
        self.write = write
    }
}
