// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

/// What the schema defines.
public enum SchemaCommands {
    /// The names of all commands in the order in which query-commands lists them.
    public static let names: [String] = [
        "try-all",
        "try-widths",
    ]
}
