import JSON
import QAPI

/// Options whose value is an object of the schema.
enum SchemaOption {
    /// Reads a value in JSON or as `key=value,...`.
    /// - Parameter impliedKey: the key of a first word without one.
    static func read<Value: QAPIObject>(_ text: String, impliedKey: String) throws(StartFailure) -> Value {
        do {
            if text.hasPrefix("{") {
                let document = try JSONDocument(parsing: text)
                return try Value(from: ArgumentValue(document.root))
            }
            // Everything is a string here; the reader takes what each member wants out of it.
            let document = try JSONDocument(
                parsing: String(decoding: Keyval.parse(text, impliedKey: impliedKey).encoded(.compact), as: UTF8.self))
            return try Value(from: ArgumentValue(document.root, style: .keyval))
        } catch let error as ArgumentError {
            throw StartFailure(error.description)
        } catch let error as JSONError {
            throw StartFailure(error.description)
        } catch {
            throw StartFailure("\(error)")
        }
    }
}
