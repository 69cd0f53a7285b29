import JSON

/// What one stream of bytes amounts to: each message as its parser sees it.
enum Heard: Equatable, CustomStringConvertible {
    case value(JSONValue)
    case error(String)

    var description: String {
        switch self {
        case .value(let value): String(decoding: value.encoded(), as: UTF8.self)
        case .error(let text): "error: \(text)"
        }
    }
}

/// Feeds chunks to a buffer and reads every message, as a session does.
func hear(_ chunks: some Sequence<[UInt8]>, limits: MessageScanner.Limits = .init()) -> [Heard] {
    var buffer = MessageBuffer(limits: limits)
    var heard: [Heard] = []
    for chunk in chunks {
        chunk.withUnsafeBytes { buffer.append($0) }
        while let frame = buffer.next() {
            switch frame {
            case .malformed(let error):
                heard.append(.error(error.description))
            case .message(let range):
                do {
                    let value = try buffer.withMessage(range) { bytes in
                        let document = try JSONDocument(parsing: bytes)
                        return document.root.value
                    }
                    heard.append(.value(value))
                } catch {
                    heard.append(.error("\(error)"))
                }
            }
        }
    }
    return heard
}

func hear(_ text: String) -> [Heard] { hear([Array(text.utf8)]) }

/// Text with `\xHH` for a byte, and other characters as UTF-8.
func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
            let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return bytes
}

/// The usual small generator; the same seed gives the same run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
