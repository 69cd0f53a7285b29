internal import CJansson

/// One parsed JSON text. Owns jansson's tree; read it through `root`.
///
/// Strings in single quotes and `\'` are accepted, as QMP's reference does. Integers up to 2^64-1 stay exact, larger ones
/// become doubles, and a number beyond a double is refused. A failure is described in the words of QMP's reference.
public struct JSONDocument: ~Copyable, @unchecked Sendable {
    // Nobody but this value refers to the tree, so it may cross threads with it.
    let pointer: UnsafeMutablePointer<json_t>

    /// Parses `bytes`, which hold exactly one value and perhaps white space.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        self.pointer = try parseTree(bytes)
    }

    /// Parses the UTF-8 of `text`.
    public init(parsing text: String) throws(JSONError) {
        var text = text
        let result = text.withUTF8 { utf8 in
            Result { () throws(JSONError) in try parseTree(UnsafeRawBufferPointer(utf8)) }
        }
        self.pointer = try result.get()
    }

    deinit { json_decref(pointer) }

    /// The document's value.
    public var root: JSONView {
        @_lifetime(borrow self)
        borrowing get { JSONView(rootOf: self) }
    }

    /// Sets the seed of jansson's hash tables. Call once, before there is a second thread.
    public static func prepareProcess() { json_object_seed(0) }
}

/// Texts beyond this size are left to the tree parser: jansson takes strings byte by byte, some 10 ns each.
private let largestForJansson = 16 << 10

/// Parses with jansson, and by ourselves what is large, or what jansson refuses or would accept too gladly.
private func parseTree(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> UnsafeMutablePointer<json_t> {
    if bytes.count <= largestForJansson, isPlain(bytes), let start = bytes.baseAddress {
        let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL
        var error = json_error_t()
        let text = start.assumingMemoryBound(to: CChar.self)
        if let tree = json_loadb(text, bytes.count, Int(flags), &error) { return tree }
    }
    guard let tree = try TreeParser.parse(bytes).take() else { throw JSONError("Out of memory") }
    return tree
}

/// Whether jansson's judgement can be trusted: it accepts noncharacters, which QMP refuses, and they take such bytes.
private func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while true {
        position = WordScan.first(bytes, from: position, to: bytes.count) { word in
            WordScan.notASCII(word) | WordScan.equal(word, 0x5C)
        } isSpecial: { byte in
            byte >= 0x80 || byte == 0x5C
        }
        guard position < bytes.count else { return true }
        guard bytes[position] < 0x80, position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "u") else { return false }
        position += 2
    }
}
