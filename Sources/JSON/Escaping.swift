import Glibc

/// Appends the inside of a JSON string literal for valid UTF-8: runs of plain bytes at once, the rest escaped.
func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    var position = 0
    while position < text.count {
        let run = plainPrefix(of: text, from: position)
        if run > position {
            bytes.append(contentsOf: text[position..<run])
            position = run
            if position == text.count { return }
        }
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
            position += 1
        case 0x08: short("b")
        case 0x0C: short("f")
        case 0x0A: short("n")
        case 0x0D: short("r")
        case 0x09: short("t")
        case 0..<0x80:
            appendUnicodeEscape(UInt16(byte), to: &bytes)
            position += 1
        default:
            let (scalar, length) = decodeScalar(text, at: position)
            appendEscape(of: scalar, to: &bytes)
            position += length
        }
    }

    func short(_ letter: Unicode.Scalar) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: letter))
        position += 1
    }
}

/// The end of the run of bytes, from `start`, that a string literal holds unescaped.
private func plainPrefix(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    WordScan.first(UnsafeRawBufferPointer(text), from: start, to: text.count) { word in
        WordScan.below(word, 0x20) | WordScan.notASCII(word) | WordScan.equal(word, 0x7F) | WordScan.equal(word, 0x22)
            | WordScan.equal(word, 0x5C)
    } isSpecial: { byte in
        byte < 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x5C
    }
}

/// Reads one scalar of two to four bytes from valid UTF-8.
private func decodeScalar(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (UInt32, length: Int) {
    let lead = UInt32(text[position])
    func continuation(_ index: Int) -> UInt32 { UInt32(text[position + index]) & 0x3F }
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | continuation(1), 2) }
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), 3) }
    return ((lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3), 4)
}

private func appendEscape(of scalar: UInt32, to bytes: inout [UInt8]) {
    if scalar < 0x1_0000 { return appendUnicodeEscape(UInt16(scalar), to: &bytes) }
    let offset = scalar - 0x1_0000
    appendUnicodeEscape(UInt16(0xD800 + offset >> 10), to: &bytes)
    appendUnicodeEscape(UInt16(0xDC00 + offset & 0x3FF), to: &bytes)
}

private func appendUnicodeEscape(_ unit: UInt16, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    bytes.append(UInt8(ascii: "u"))
    for shift in stride(from: 12, through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 0xF
        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
    }
}

/// Appends a finite number as C's `%.17g` does in the C locale.
func appendDouble(_ number: Double, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
        let length = withVaList([number]) { vsnprintf(buffer.baseAddress, buffer.count, "%.17g", $0) }
        bytes.append(contentsOf: buffer[..<Int(length)].lazy.map { UInt8(bitPattern: $0) })
    }
}
