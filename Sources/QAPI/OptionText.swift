internal import JSON

extension QAPIObject {
    /// Reads the value of a command-line option such as `--blockdev`: JSON when it begins with a brace, else
    /// `key=value,...`, where the first value may come without `impliedKey` and `=`.
    public init(option text: String, impliedKey: String? = nil) throws(ArgumentError) {
        let isJSON = text.utf8.first == UInt8(ascii: "{")
        // Both forms end as a document, so that one reader serves both.
        let json = isJSON ? text : String(decoding: try Keyval.parse(text, impliedKey: impliedKey).encoded(), as: UTF8.self)
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: json)
        } catch {
            throw ArgumentError(error.description)
        }
        self = try Self(from: ArgumentValue(document.root, style: isJSON ? .json : .keyval))
    }
}
