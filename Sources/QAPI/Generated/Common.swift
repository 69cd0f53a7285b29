// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

/// A switch that can be left to the daemon.
public enum OnOffAuto: String, QAPIEnum {
    /// The daemon decides.
    case auto = "auto"
    /// Switched on.
    case on = "on"
    /// Switched off.
    case off = "off"
}

/// What a failed request wanted to do.
public enum IoOperationType: String, QAPIEnum {
    /// To read data.
    case read = "read"
    /// To write data.
    case write = "write"
}
