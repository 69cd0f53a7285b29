// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// Ends the negotiation that every connection begins with; no other command works before it.
public struct QMPCapabilities: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "qmp_capabilities"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The capabilities of the greeting that the client wants.
    public var enable: [QMPCapability]?

    /// Makes a value from its members.
    public init(
        enable: [QMPCapability]? = nil
    ) {
        self.enable = enable
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        enable = try reader.optional("enable")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("enable", ifPresent: enable)
    }
}

/// What a connection can do beyond plain QMP.
public enum QMPCapability: String, QAPIEnum {
    /// Commands that allow it may be sent with "exec-oob" and are answered ahead of those that wait.
    case oob = "oob"
}

/// A version in three numbers.
public struct VersionTriple: QAPIObject {
    /// The first.
    public var major: Int64
    /// The second.
    public var minor: Int64
    /// The third.
    public var micro: Int64

    /// Makes a value from its members.
    public init(
        major: Int64,
        minor: Int64,
        micro: Int64
    ) {
        self.major = major
        self.minor = minor
        self.micro = micro
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        major = try reader.required("major")
        minor = try reader.required("minor")
        micro = try reader.required("micro")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("major", major)
        writer.member("minor", minor)
        writer.member("micro", micro)
    }
}

/// Whose commands are spoken here, and by whom.
public struct VersionInfo: QAPIObject {
    /// The QEMU release whose commands, members and features the daemon follows.
    public var qemu: VersionTriple
    /// The daemon's own name and version.
    public var package: String

    /// Makes a value from its members.
    public init(
        qemu: VersionTriple,
        package: String
    ) {
        self.qemu = qemu
        self.package = package
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        qemu = try reader.required("qemu")
        package = try reader.required("package")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("qemu", qemu)
        writer.member("package", package)
    }
}

/// Tells the version, as the greeting does.
public struct QueryVersion: QAPICommand {
    /// The version.
    public typealias Reply = VersionInfo
    /// The name on the wire.
    public static let name = "query-version"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// One command.
public struct CommandInfo: QAPIObject {
    /// Its name.
    public var name: String

    /// Makes a value from its members.
    public init(
        name: String
    ) {
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("name", name)
    }
}

/// Lists the commands that this daemon knows.
public struct QueryCommands: QAPICommand {
    /// Their names.
    public typealias Reply = [CommandInfo]
    /// The name on the wire.
    public static let name = "query-commands"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Ends the daemon: all jobs are cancelled, the reply is sent, all connections are closed.
public struct Quit: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "quit"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// What a monitor speaks.
public enum MonitorMode: String, QAPIEnum {
    /// A language for humans; not offered.
    case readline = "readline"
    /// QMP.
    case control = "control"
}

/// A monitor, as --monitor describes it. No command uses it.
public struct MonitorOptions: QAPIObject {
    /// Its name, generated by default.
    public var id: String?
    /// What it speaks; nothing but control.
    public var mode: MonitorMode?
    /// Replies are laid out over several lines; false by default.
    public var pretty: Bool?
    /// The character device that it listens on.
    public var chardev: String

    /// Makes a value from its members.
    public init(
        id: String? = nil,
        mode: MonitorMode? = nil,
        pretty: Bool? = nil,
        chardev: String
    ) {
        self.id = id
        self.mode = mode
        self.pretty = pretty
        self.chardev = chardev
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.optional("id")
        mode = try reader.optional("mode")
        pretty = try reader.optional("pretty")
        chardev = try reader.required("chardev")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", ifPresent: id)
        writer.member("mode", ifPresent: mode)
        writer.member("pretty", ifPresent: pretty)
        writer.member("chardev", chardev)
    }
}
