import QAPI

extension QAPIEnum {
    /// The schema's value with the same name on the wire as a domain value's.
    ///
    /// Both sides list the same names: a test compares them, so a mismatch cannot reach a client.
    init(sameAs domain: some RawRepresentable<String>) {
        guard let value = Self(rawValue: domain.rawValue) else {
            preconditionFailure("the schema's \(Self.self) lacks '\(domain.rawValue)'")
        }
        self = value
    }

    /// The domain's value with the same name on the wire as this one.
    func domain<Value: RawRepresentable<String>>(_ type: Value.Type = Value.self) -> Value {
        guard let value = Value(rawValue: rawValue) else {
            preconditionFailure("\(Value.self) lacks the schema's '\(rawValue)'")
        }
        return value
    }
}
