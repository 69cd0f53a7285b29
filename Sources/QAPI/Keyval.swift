public import JSON

/// The `key=value,...` form of a command-line option: dots make objects, numbers make arrays, a doubled comma is one.
///
/// `driver=raw,file.driver=file,file.filename=/a,,b` is `{"driver": "raw", "file": {"driver": "file", "filename": "/a,b"}}`.
/// Every scalar is a string: read the result with `ArgumentStyle.keyval`.
public enum Keyval {
    /// A fragment of a key may be this long.
    static let maximumFragmentLength = 127

    /// Parses `text`. With `impliedKey` the first parameter may be a value alone.
    public static func parse(_ text: String, impliedKey: String? = nil) throws(ArgumentError) -> JSONValue {
        var rest = Array(text.utf8)[...]
        var tree = KeyvalTree()
        var impliedKey = impliedKey.map { Array($0.utf8) }
        var wantsHelp = false
        while !rest.isEmpty {
            try parseOne(&rest, into: &tree, impliedKey: impliedKey, wantsHelp: &wantsHelp)
            impliedKey = nil
        }
        if wantsHelp { throw ArgumentError("Help is not available for this option") }
        return try tree.value(path: "")
    }

    private static func parseOne(
        _ rest: inout ArraySlice<UInt8>, into tree: inout KeyvalTree, impliedKey: [UInt8]?, wantsHelp: inout Bool
    ) throws(ArgumentError) {
        let head = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") }
        let hasValue = rest[head.endIndex...].first == UInt8(ascii: "=")
        if !head.isEmpty, !hasValue {
            let isHelp = head.elementsEqual("help".utf8) || head.elementsEqual("?".utf8)
            if isHelp || impliedKey != nil {
                rest = rest[head.endIndex...].dropFirst()
                if isHelp {
                    wantsHelp = true
                } else if let impliedKey {
                    let path = try parseKey(impliedKey[...], in: tree)
                    try tree.put(String(decoding: head, as: UTF8.self), at: path)
                }
                return
            }
        }
        let path = try parseKey(head, in: tree)
        guard hasValue else { throw ArgumentError("Expected '=' after parameter '\(String(decoding: head, as: UTF8.self))'") }
        rest = rest[head.endIndex...].dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ",") {
                guard rest.first == UInt8(ascii: ",") else { break }
                rest.removeFirst()
            }
            value.append(byte)
        }
        try tree.put(String(decoding: value, as: UTF8.self), at: path)
    }

    /// Cuts a key into its fragments: names, and after the first also numbers.
    private static func parseKey(_ key: ArraySlice<UInt8>, in tree: KeyvalTree) throws(ArgumentError) -> [String] {
        var path: [String] = []
        var rest = key
        while true {
            let isIndex = !path.isEmpty && rest.first.map(isDigit) == true
            let fragment = isIndex ? rest.prefix(while: isDigit) : rest.prefix(nameLength(rest))
            let end = rest[fragment.endIndex...].first
            guard !fragment.isEmpty, end == nil || end == UInt8(ascii: ".") else {
                throw ArgumentError("Invalid parameter '\(String(decoding: key, as: UTF8.self))'")
            }
            let text = String(decoding: fragment, as: UTF8.self)
            guard fragment.count <= maximumFragmentLength else {
                let isWhole = path.isEmpty && end == nil
                throw ArgumentError("Parameter\(isWhole ? "" : " fragment") '\(text)' is too long")
            }
            try tree.checkObject(at: path)
            path.append(text)
            guard end != nil else { return path }
            rest = rest[fragment.endIndex...].dropFirst()
        }
    }

    /// The length of a name at the start of `text`: a letter, then letters, digits, `-` and `_`; or a downstream name,
    /// which begins with `__` and a domain.
    private static func nameLength(_ text: ArraySlice<UInt8>) -> Int {
        var rest = text
        if rest.first == UInt8(ascii: "_") {
            guard rest.dropFirst().first == UInt8(ascii: "_") else { return 0 }
            let domain = rest.dropFirst(2).prefix { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            guard rest[domain.endIndex...].first == UInt8(ascii: "_") else { return 0 }
            rest = rest[domain.endIndex...].dropFirst()
        }
        guard let first = rest.first, isAlphanumeric(first), !isDigit(first) else { return 0 }
        let name = rest.prefix { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        return name.endIndex - text.startIndex
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
