import QAPI

/// A `--monitor`: QMP over a chardev.
struct MonitorOptions: Equatable {
    let chardev: String
    /// Whether replies and events are printed over several indented lines.
    let pretty: Bool

    /// Reads the option's value, in JSON or as `key=value,...`.
    init(_ text: String) throws(StartFailure) {
        let options: QAPI.MonitorOptions = try SchemaOption.read(text, impliedKey: "chardev")
        // The id is for a command that this daemon does not have.
        guard options.mode != .readline else { throw StartFailure("Only QMP is supported") }
        chardev = options.chardev
        pretty = options.pretty ?? false
    }
}
