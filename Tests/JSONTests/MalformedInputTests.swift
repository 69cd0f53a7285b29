import JSON
import Testing

/// What QMP's reference 7.2.22 answers, byte for byte; measured. Where it sends further errors for what is left of a bad
/// message, only the first stands here.
private let corpus: [(input: String, desc: String)] = [
    ("{ \"execute\": }", "JSON parse error, expecting value"),
    ("{\"execute\":\"query-version\",}", "JSON parse error, expecting value"),
    ("}", "JSON parse error, expecting value"),
    (",", "JSON parse error, expecting value"),
    ("]", "JSON parse error, expecting value"),
    (":", "JSON parse error, expecting value"),
    ("foo\n", "JSON parse error, invalid keyword 'foo'"),
    ("{\"a\" 1}", "JSON parse error, missing : in object pair"),
    ("{\"a\":1 \"b\":2}", "JSON parse error, expected separator in dict"),
    ("{1:2}", "JSON parse error, key is not a string in object"),
    ("{,}", "JSON parse error, expecting value"),
    ("{\"a\":}", "JSON parse error, expecting value"),
    ("[1 2]", "JSON parse error, expected separator in list"),
    ("[1,]", "JSON parse error, expecting value"),
    ("[,1]", "JSON parse error, expecting value"),
    ("{\"a\":[1}}", "JSON parse error, expected separator in list"),
    ("[1}", "JSON parse error, expected separator in list"),
    ("{]}", "JSON parse error, expecting value"),
    ("{\"a\": 1.\n", "JSON parse error, stray '1.\n'"),
    ("1.\n", "JSON parse error, stray '1.\n'"),
    ("\\x01", "JSON parse error, stray '\u{1}'"),
    ("\\x00", "JSON parse error, stray ''"),
    ("\\xff", "JSON parse error, stray '\u{FFFD}'"),
    ("{\"execute\": \\xff", "JSON parse error, stray '\u{FFFD}'"),
    ("{\"execute\": \"ab\\xff", "JSON parse error, stray '\"ab\u{FFFD}'"),
    ("{\"execute\": \"ab\n", "JSON parse error, stray '\"ab\n'"),
    ("{\"execute\": \"a\tb\"}", "JSON parse error, stray '\"a\t'"),
    ("{\"execute\": \"a\\x00b\", \"id\": 1}", "JSON parse error, stray '\"a'"),
    ("{\"execute\": \"a\\x1fb\\x1f\", \"id\": 1}", "JSON parse error, stray '\"a\u{1F}'"),
    ("{\"a\":\"\\xff\", \"b\": [1]}", "JSON parse error, stray '\"\u{FFFD}'"),
    ("{\"a\":1,\"a\":2}", "JSON parse error, duplicate key"),
    ("{\"a\":\"\\xc3(\"}", "JSON parse error, invalid UTF-8 sequence in string"),
    ("{\"a\":\"\\xc0\\x80\", \"execute\": \"\\xc0\\xaf\"}", "JSON parse error, invalid UTF-8 sequence in string"),
    ("{\"a\":\"\\xed\\xa0\\x80\"}", "JSON parse error, invalid UTF-8 sequence in string"),
    ("{\"a\":\"\\xef\\xbf\\xbe\"}", "JSON parse error, invalid UTF-8 sequence in string"),
    ("{\"a\":\"\\xf4\\x90\\x80\\x80\"}", "JSON parse error, invalid UTF-8 sequence in string"),
    ("{\"a\":\"\\ud800\"}", "JSON parse error, \\ud800 is not a valid Unicode character"),
    ("{\"a\":\"\\ud800\\u0041\"}", "JSON parse error, \\ud800 is not a valid Unicode character"),
    ("{\"a\":\"\\udc00\"}", "JSON parse error, \\udc00 is not a valid Unicode character"),
    ("{\"a\":\"\\u12G4\"}", "JSON parse error, \\u12G4 is not a valid Unicode character"),
    ("{\"a\":\"\\u12\"}", "JSON parse error, \\u12\" is not a valid Unicode character"),
    ("{\"a\":\"\\ufffe\"}", "JSON parse error, \\ufffe is not a valid Unicode character"),
    ("{\"a\":\"\\q41\"}", "JSON parse error, invalid escape sequence in string"),
    ("%d\n", "JSON parse error, stray '%'"),
    ("{\"a\":%d}", "JSON parse error, stray '%'"),
    ("01\n", "JSON parse error, stray '01'"),
    ("{\"a\":01}", "JSON parse error, stray '01'"),
    ("+1\n", "JSON parse error, stray '+'"),
    ("{\"a\":+1}", "JSON parse error, stray '+'"),
    ("NaN\n", "JSON parse error, stray 'N'"),
    ("{\"a\":NaN}", "JSON parse error, stray 'N'"),
    ("True\n", "JSON parse error, stray 'T'"),
    ("{\"a\":True}", "JSON parse error, stray 'T'"),
    ("# comment\n", "JSON parse error, stray '#'"),
    ("{\"a\":1 /* x */}", "JSON parse error, stray '/'"),
    ("\\xef\\xbb\\xbf", "JSON parse error, stray '\u{FFFD}'"),
    ("{\"a\":1e}", "JSON parse error, stray '1e}'"),
    ("{\"a\":1e+}", "JSON parse error, stray '1e+}'"),
    ("{\"a\":-}", "JSON parse error, stray '-}'"),
    ("{\"a\":-01}", "JSON parse error, stray '-01'"),
    ("{\"a\":tru}", "JSON parse error, invalid keyword 'tru'"),
    ("{\"a\":nullx}", "JSON parse error, invalid keyword 'nullx'"),
    ("{\"a\":\"unterminated}\n", "JSON parse error, stray '\"unterminated}\n'"),
    ("[@]", "JSON parse error, stray '@'"),
    ("{\"a\": \"x\" @, \"b\": \"}\"}", "JSON parse error, stray '@'"),
    ("{\"execute\":\"a\",\"execute\":\"b\"}", "JSON parse error, duplicate key"),
    // A number beyond a double: the reference takes it and prints `inf`, which is no JSON.
    ("{\"a\":1e999}", "JSON parse error, number '1e999' is out of range"),
]

private let command = "{\"execute\":\"query-version\"}"
private let parsedCommand = Heard.value(["execute": "query-version"])

@Suite struct MalformedInputTests {
    @Test(arguments: corpus.indices)
    func `a bad message gives exactly one error in the reference's words, and the next command works`(index: Int) {
        let (input, desc) = corpus[index]
        #expect(hear([bytes(input), Array(command.utf8)]) == [.error(desc), parsedCommand], "\(input)")
        // On a line of its own, as most clients send them, and after another bad message.
        #expect(
            hear([bytes(input) + [0x0A] + bytes(input), [0x0A] + Array(command.utf8)]) == [.error(desc), .error(desc), parsedCommand],
            "\(input)")
    }

    @Test(arguments: corpus.indices)
    func `where the bytes of a bad message are cut makes no difference`(index: Int) {
        let stream = bytes(corpus[index].input) + [0x0A] + Array(command.utf8)
        let whole = hear([stream])
        for cut in 1..<stream.count {
            #expect(hear([Array(stream[..<cut]), Array(stream[cut...])]) == whole, "cut at \(cut): \(corpus[index].input)")
        }
        #expect(hear(stream.map { [$0] }) == whole)
    }

    @Test func `a bad message that is never closed is given up where a line begins with a brace`() {
        #expect(hear("{\"a\": [@, {\"b\": 1\n  {\"execute\":\"query-version\"}") == [.error("JSON parse error, stray '@'"), parsedCommand])
    }

    @Test func `a bad message over several lines gives one error`() {
        let text = "{\n  \"execute\": @,\n  \"id\": [1, 2],\n  \"arguments\": { \"x\": \"}\" }\n}\n" + command
        #expect(hear(text) == [.error("JSON parse error, stray '@'"), parsedCommand])
    }

    @Test(arguments: ["{\"execute\": [[[", "{\"a\": \"open", "[1, @ [[", "{'a"])
    func `0xFF and control characters reset the scanner wherever it stands`(left: String) {
        for reset: UInt8 in [0xFF, 0xFE, 0x00, 0x1B] {
            let heard = hear([Array(left.utf8) + [reset] + Array(command.utf8)])
            #expect(heard.last == parsedCommand)
            // What was left open is reported with the reset; after an error of its own, the reset is reported apart.
            #expect(heard.count == (left.contains("@") ? 3 : 2))
        }
    }

    @Test func `random bytes give errors and leave the scanner usable`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix(state: seed)
        let alphabet = Array("{}[]:,\"'\\ \n\t\r0123456789-+.eEtruefalsn%@\u{1}".utf8) + [0xFF, 0xFE, 0xC3, 0xA9, 0x80, 0x00]
        for round in 0..<64 {
            let structured = round % 2 == 0
            let noise = (0..<32_768).map { _ in
                structured ? alphabet[Int(random.next() % UInt64(alphabet.count))] : UInt8(truncatingIfNeeded: random.next())
            }
            var chunks: [[UInt8]] = []
            var rest = noise[...]
            while !rest.isEmpty {
                let size = Int(random.next() % 5000) + 1
                chunks.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            let heard = hear(chunks + [[0xFF], Array(command.utf8)])
            #expect(heard.last == parsedCommand, "seed \(seed) round \(round)")
            #expect(heard.dropLast().contains { if case .error = $0 { true } else { false } })
        }
    }
}
