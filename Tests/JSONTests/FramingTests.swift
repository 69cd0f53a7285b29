import JSON
import Testing

@Suite struct FramingTests {
    @Test func `messages need nothing between them, and a newline ends none`() {
        let text = "{\"a\":1}{\"b\":\n[1,\r\n2]}[3] \"x\"'y' true null -5 1.5e3 "
        #expect(
            hear(text) == [
                .value(["a": 1]), .value(["b": [1, 2]]), .value([3]), .value("x"), .value("y"), .value(true), .value(nil), .value(-5),
                .value(.double(1500)),
            ])
        #expect(hear("{\"execute\": \"x\"\n\n\n").isEmpty)
        #expect(hear("12").isEmpty, "a number may go on")
    }

    @Test func `brackets and quotes inside strings close nothing`() {
        #expect(hear(#"{"a":"}]\"{"}"#) == [.value(["a": "}]\"{"])])
        #expect(hear(#"{'a':'}"\'{'}"#) == [.value(["a": "}\"'{"])])
        #expect(hear(#"{"a":"\\"}"#) == [.value(["a": "\\"])])
    }

    @Test func `every way to cut a stream in three gives the same messages`() {
        let stream = Array(#"{"execute":"a","id":[1,-2.5e3,"\"}é😀"]} {'x':'it\'s'} true[[],{}]{"n":null}"#.utf8)
        let whole = hear([stream])
        #expect(whole.count == 5)
        for first in 0...stream.count {
            for second in first...stream.count {
                let cut = [Array(stream[..<first]), Array(stream[first..<second]), Array(stream[second...])]
                #expect(hear(cut) == whole, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func `1,024 levels are accepted, one more is refused once`() {
        let deepest = String(repeating: "[", count: 1024) + String(repeating: "]", count: 1024)
        #expect(hear(deepest).count == 1)
        guard case .value? = hear(deepest).first else { return #expect(Bool(false), "refused") }
        for levels in [1025, 2000] {
            let deep = String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "{\"a\":1}"
            #expect(hear(deep) == [.error("JSON nesting depth limit exceeded"), .value(["a": 1])])
            let open = String(repeating: "{\"a\":[", count: levels) + "\n{\"a\":1}"
            #expect(hear(open) == [.error("JSON nesting depth limit exceeded"), .value(["a": 1])])
        }
    }

    @Test func `more tokens than the limit are refused once`() {
        var limits = MessageScanner.Limits()
        limits.tokens = 9
        #expect(hear([Array("[1,2,3,4]{\"a\":1}".utf8)], limits: limits) == [.value([1, 2, 3, 4]), .value(["a": 1])])
        #expect(
            hear([Array("[1,2,3,4,5]{\"a\":1}".utf8)], limits: limits) == [
                .error("JSON token count limit exceeded"), .value(["a": 1]),
            ])
        #expect(MessageScanner.Limits().tokens == 2 << 20)
    }

    @Test func `a string of nearly 64 MiB is read, a longer one is refused once and passed over`() {
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let start = Array("{\"a\":\"".utf8)
        let end = Array("\"}".utf8)
        let long = hear([start] + Array(repeating: chunk, count: 63) + [end])
        guard case .value(let value) = long.first else { return #expect(Bool(false), "\(long)") }
        #expect(value["a"]?.string?.utf8.count == 63 << 20)
        #expect(
            hear([start] + Array(repeating: chunk, count: 66) + [end, Array("{\"a\":1}".utf8)]) == [
                .error("JSON token size limit exceeded"), .value(["a": 1]),
            ])
    }

    @Test func `a bad message beyond the limit holds no memory`() {
        var buffer = MessageBuffer()
        feed("\"", to: &buffer)
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var most = 0
        for _ in 0..<200 {
            chunk.withUnsafeBytes { buffer.append($0) }
            while buffer.next() != nil {}
            most = max(most, buffer.count)
        }
        let held = buffer.count
        #expect(most <= 64 << 20)
        #expect(held == 0)
    }

    @Test func `a message taken out of the buffer leaves what follows it`() throws {
        var buffer = MessageBuffer()
        feed("[1,2,3] {\"b\":2}{\"c\"", to: &buffer)
        let first = try takeNext(&buffer)
        #expect(first == [1, 2, 3])
        let second = try readNext(&buffer)
        #expect(second == ["b": 2])
        let none = try readNext(&buffer)
        #expect(none == nil)
        feed(":3}", to: &buffer)
        let third = try takeNext(&buffer)
        #expect(third == ["c": 3])
    }

    private func feed(_ text: String, to buffer: inout MessageBuffer) {
        Array(text.utf8).withUnsafeBytes { buffer.append($0) }
    }

    private func takeNext(_ buffer: inout MessageBuffer) throws -> JSONValue? {
        guard case .message(let range) = buffer.next() else { return nil }
        let taken = buffer.takeMessage(range)
        let document = try taken.parse()
        return document.root.value
    }

    private func readNext(_ buffer: inout MessageBuffer) throws -> JSONValue? {
        guard case .message(let range) = buffer.next() else { return nil }
        return try buffer.withMessage(range) { bytes in
            let document = try JSONDocument(parsing: bytes)
            return document.root.value
        }
    }

    @Test func `a message that is given up is passed over`() throws {
        var buffer = MessageBuffer()
        let nothing = buffer.abandon(JSONError("too much"))
        #expect(nothing == nil)
        feed("{\"a\": \"xxx", to: &buffer)
        let incomplete = try readNext(&buffer)
        #expect(incomplete == nil)
        let given = buffer.abandon(JSONError("too much"))
        let held = buffer.count
        #expect(given == .malformed(JSONError("too much")))
        #expect(held == 0)
        feed("}\"}{\"b\":1}", to: &buffer)
        let next = try readNext(&buffer)
        #expect(next == ["b": 1])
    }
}
