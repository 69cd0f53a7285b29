import JSON
import Testing

@Suite struct ValueTests {
    private func read(_ text: String) throws -> String? {
        let document = try JSONDocument(parsing: text)
        return document.root.string
    }

    /// Reads a value and writes it as it is echoed to a client.
    private func echo(_ text: String, _ style: JSONWriter.Style = .compact) throws -> String {
        let document = try JSONDocument(parsing: text)
        return String(decoding: document.root.encoded(style), as: UTF8.self)
    }

    @Test(arguments: [
        ("1.0", "1"), ("1e3", "1000"), ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"), ("9223372036854775808", "9223372036854775808"),
        ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9.2233720368547758e+18"), ("-0", "0"), ("-0.0", "-0"), ("0.1", "0.10000000000000001"),
        ("1e-7", "9.9999999999999995e-08"), ("123456789012345678901234567890", "1.2345678901234568e+29"), ("1E5", "100000"),
        ("1e-400", "0"),
    ])
    func `numbers are echoed as the reference prints them`(input: String, output: String) throws {
        #expect(try echo(input) == output)
        #expect(try echo("{\"id\":[\(input)]}") == "{\"id\": [\(output)]}")
        // The same through the parser for what jansson refuses.
        #expect(try echo("{'id':[\(input)]}") == "{\"id\": [\(output)]}")
    }

    @Test func `text is echoed in pure ASCII`() throws {
        let text = #""\u0000\u007f\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\ é😀\#u{7F}~""#
        #expect(try echo(text) == #""\u0000\u007F\u00E9\uD83D\uDE00/\b\f\n\r\t\"\\ \u00E9\uD83D\uDE00\u007F~""#)
        #expect(try echo(#"{"é\u0000x": 1}"#) == #"{"\u00E9\u0000x": 1}"#)
        #expect(try echo("{}") == "{}")
        #expect(try echo("[]") == "[]")
        #expect(try echo(#"{"z":1,"a":[true,false,null,{}]}"#) == #"{"z": 1, "a": [true, false, null, {}]}"#)
    }

    @Test func `every scalar survives being written and read, alone and inside a long run`() throws {
        for base in stride(from: UInt32(0), through: 0x10FFFF, by: 0x101) {
            guard let scalar = Unicode.Scalar(base), base & 0xFFFE != 0xFFFE, !(0xFDD0...0xFDEF).contains(base) else { continue }
            let text = String(repeating: "a", count: Int(base % 67)) + String(Character(scalar)) + "tail"
            let encoded = JSONValue.string(text).encoded()
            #expect(encoded.allSatisfy { (0x20..<0x7F).contains($0) })
            let read = try read(String(decoding: encoded, as: UTF8.self))
            #expect(read == text)
            // Unescaped UTF-8 reads the same.
            guard base > 0x80 else { continue }
            let readPlain = try self.read("'\(text)'")
            #expect(readPlain == text)
        }
    }

    @Test func `the pretty style is the reference's`() throws {
        let expected =
            "{\r\n    \"return\": {\r\n        \"a\": [\r\n            1,\r\n            2\r\n        ],\r\n        \"b\": {\r\n        }\r\n    },\r\n    \"id\": 5\r\n}"
        #expect(try echo(#"{"return":{"a":[1,2],"b":{}},"id":5}"#, .pretty) == expected)
        // Text that was encoded by itself is indented where it is put.
        var writer = JSONWriter(.pretty)
        writer.beginObject()
        writer.name("return")
        writer.encoded((["a": [1, 2], "b": [:]] as JSONValue).encoded(.pretty))
        writer.member("id", 5)
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test func `a view reads types exactly and converts nothing`() throws {
        let document = try JSONDocument(parsing: #"{"i":5,"u":18446744073709551615,"d":5.0,"s":"5","b":true,"n":null,"a":[1,"x"]}"#)
        let root = document.root
        func kind(_ name: String) -> JSONView.Kind? {
            guard let member = root.member(name) else { return nil }
            return member.kind
        }
        #expect(kind("i") == .integer && kind("u") == .unsigned && kind("d") == .double && kind("s") == .string)
        #expect(kind("b") == .bool && kind("n") == .null && kind("a") == .array && kind("zzz") == nil)
        if let number = root.member("u") {
            #expect(number.integer == nil && number.unsigned == .max && number.string == nil && number.double == 18446744073709551616)
        }
        if let number = root.member("d") { #expect(number.integer == nil && number.unsigned == nil && number.double == 5) }
        if let number = root.member("i") {
            #expect(number.integer == 5 && number.unsigned == 5 && number.string == nil && number.bool == nil)
        }
        if let text = root.member("s") { #expect(text.isString("5") && !text.isString("55") && text.integer == nil) }
        if let array = root.member("a"), let second = array.element(1) { #expect(array.count == 2 && second.string == "x") }
        #expect(document.root.value["u"] == .unsigned(.max))
    }

    @Test func `text that stands by itself is judged as the reference does`() {
        func error(_ text: String) -> String? {
            do throws(JSONError) {
                _ = try JSONDocument(parsing: text)
                return nil
            } catch { return error.description }
        }
        #expect(error("") == "Expecting a JSON value")
        #expect(error(" \n") == "Expecting a JSON value")
        #expect(error("1 2") == "Expecting at most one JSON value")
        #expect(error("{\"a\":") == "JSON parse error, premature EOI")
        #expect(error("[") == "JSON parse error, premature EOI")
        #expect(error("{\"a\"") == "JSON parse error, premature EOI")
        #expect(error(" {} ") == nil)
    }
}
