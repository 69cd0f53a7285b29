/// Writes JSON text as QMP clients expect it: `", "` and `": "` between things, pure ASCII.
///
/// Calls must nest properly and an object's values must each follow a `name`; this is checked in debug builds only.
/// Everything outside of printable ASCII becomes `\u` with four upper-case hexadecimal digits, a surrogate pair beyond the first 65,536.
public struct JSONWriter: Sendable {
    /// How the text is laid out.
    public enum Style: Sendable, Hashable {
        /// One line.
        case compact
        /// A line for each member and element, four spaces for each level; lines end with CRLF.
        case pretty
    }

    /// The text so far.
    public private(set) var bytes: [UInt8] = []
    /// How the text is laid out.
    public let style: Style
    private var depth = 0
    /// Whether the next name or element has a neighbour to its left.
    private var needsComma = false
    /// Whether a name was written whose value is still missing.
    private var afterName = false

    /// Makes an empty writer; `reserving` bytes are allocated at once.
    public init(_ style: Style = .compact, reserving capacity: Int = 0) {
        self.style = style
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    // MARK: Containers

    /// Opens an object.
    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        assert(depth > 0 && !afterName)
        depth -= 1
        needsComma = true
        newLine()
        bytes.append(bracket)
    }

    /// Writes the name of an object's next member; its value follows.
    public mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
        afterName = true
    }

    // MARK: Values

    /// Writes `null`.
    public mutating func null() {
        separate()
        append("null")
    }

    /// Writes `true` or `false`.
    public mutating func value(_ flag: Bool) {
        separate()
        append(flag ? "true" : "false")
    }

    /// Writes an integer.
    public mutating func value(_ number: Int64) {
        separate()
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(number.magnitude)
    }

    /// Writes an integer.
    public mutating func value(_ number: UInt64) {
        separate()
        digits(number)
    }

    /// Writes a number with up to 17 significant digits: `1.0` as `1`. Must be finite.
    public mutating func value(_ number: Double) {
        assert(number.isFinite)
        separate()
        appendDouble(number, to: &bytes)
    }

    /// Writes a string.
    public mutating func value(_ text: String) {
        separate()
        quote(text)
    }

    /// Writes a value of any encodable type.
    @inlinable
    public mutating func value(_ value: some JSONEncodable) { value.encode(to: &self) }

    /// Writes a value that is JSON text already, written by a writer of the same style.
    public mutating func encoded(_ text: [UInt8]) {
        separate()
        guard style == .pretty, depth > 0 else { return bytes.append(contentsOf: text) }
        // A line feed inside JSON text is always layout: in strings it is escaped.
        for byte in text {
            bytes.append(byte)
            if byte == UInt8(ascii: "\n") { indent() }
        }
    }

    // MARK: Members

    /// Writes a member.
    @inlinable
    public mutating func member(_ name: String, _ value: some JSONEncodable) {
        self.name(name)
        value.encode(to: &self)
    }

    /// Writes a member, or nothing when there is no value.
    @inlinable
    public mutating func member(_ name: String, ifPresent value: (some JSONEncodable)?) {
        if let value { member(name, value) }
    }

    // MARK: Reuse

    /// Forgets the text and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        depth = 0
        needsComma = false
        afterName = false
    }

    /// Appends bytes that are no JSON, such as the end of a line. Only between values of depth 0.
    public mutating func terminate(with text: StaticString) {
        assert(depth == 0)
        append(text)
        needsComma = false
    }

    // MARK: Pieces

    /// What stands between the previous value or name and the next.
    private mutating func separate() {
        if afterName {
            afterName = false
            needsComma = true
            return
        }
        if needsComma {
            bytes.append(UInt8(ascii: ","))
            if style == .compact { bytes.append(UInt8(ascii: " ")) } else { newLine() }
        } else if depth > 0 {
            newLine()
        }
        needsComma = true
    }

    private mutating func newLine() {
        guard style == .pretty else { return }
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
        indent()
    }

    private mutating func indent() {
        for _ in 0..<(depth * 4) { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func digits(_ number: UInt64) {
        if number < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var rest = number
            var position = 20
            while rest > 0 {
                position -= 1
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder)
                rest = quotient
            }
            bytes.append(contentsOf: buffer[position...])
        }
    }

    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { appendEscaped($0, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }
}
