/// A line of a schema file.
struct SourceLocation: Equatable, Sendable {
    /// The file, as it was named on the command line or by an include.
    var file: String
    /// Counted from 1.
    var line: Int
}

/// What is wrong with a schema, and where: `file:line: sentence`.
struct SchemaError: Error, Equatable, CustomStringConvertible {
    var location: SourceLocation
    var sentence: String

    init(_ location: SourceLocation, _ sentence: String) {
        self.location = location
        self.sentence = sentence
    }

    var description: String { "\(location.file):\(location.line): \(sentence)" }
}
