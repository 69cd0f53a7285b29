import QAPI

/// A `--blockdev`, in JSON or as `key=value,...`.
enum NodeOption {
    /// Reads the option's value into the arguments of `blockdev-add`.
    static func parse(_ text: String) throws(StartFailure) -> BlockdevOptions {
        let command: BlockdevAdd = try SchemaOption.read(text, impliedKey: "driver")
        return command.arguments
    }
}
