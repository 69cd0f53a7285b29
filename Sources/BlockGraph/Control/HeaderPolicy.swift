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

    /// The directories that files named in headers must be in; nil is anywhere.
    public var roots: ImageRoots?
    /// Reads `json:` names.
    public var json: JSONGate

    /// Makes a policy; by default files may be anywhere, and `json:` names are refused.
    public init(
        roots: ImageRoots? = nil,
        json: @escaping JSONGate = { (_, _) throws(BlockError) in
            throw BlockError(.unsupported, "json: names in image headers are not supported here")
        }
    ) {
        self.roots = roots
        self.json = json
    }
}
