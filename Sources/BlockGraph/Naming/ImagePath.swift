/// Names of images as QEMU reads them: `protocol:rest`, or a path.
enum ImagePath {
    /// The protocol before the first colon, unless a slash comes first.
    static func protocolName(of name: String) -> String? {
        guard let end = name.utf8.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
            name.utf8[end] == UInt8(ascii: ":")
        else { return nil }
        return String(name[..<end])
    }

    /// Whether the name means the same everywhere.
    static func isAbsolute(_ name: String) -> Bool { name.hasPrefix("/") || protocolName(of: name) != nil }

    /// The directory of a file with its last slash; empty for a bare name.
    static func directory(of name: String) -> String {
        guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(name[...slash])
    }

    /// What follows the protocol's colon.
    static func afterProtocol(_ name: String) -> String {
        name.utf8.firstIndex(of: UInt8(ascii: ":")).map { String(name[name.index(after: $0)...]) } ?? name
    }
}
