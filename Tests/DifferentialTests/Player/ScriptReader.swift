import Glibc
import TestSupport

/// Reads the script files: text to `Script` values, `each` lines multiplied out.
struct ScriptReader {
    private let file: String
    private var line = 0

    /// Every script under the directory, in the order of their names.
    static func scripts(in directory: String) throws -> [Script] {
        try files(in: directory, prefix: "").sorted().flatMap { file in
            try read(try lines(of: file, in: directory), file: file)
        }
    }

    private static func files(in directory: String, prefix: String) throws(WireFailure) -> [String] {
        guard let stream = opendir(directory) else { throw WireFailure("cannot list \(directory)") }
        defer { closedir(stream) }
        var result: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name.hasPrefix(".") { continue }
            if name.hasSuffix(".qmp") {
                result.append(prefix + name)
            } else if !name.contains(".") {
                result += try files(in: "\(directory)/\(name)", prefix: "\(prefix)\(name)/")
            }
        }
        return result
    }

    /// The lines of a file with their numbers; a line `use <name>` stands for the lines of Setups/<name>.inc.
    private static func lines(of file: String, in directory: String) throws(WireFailure) -> [(number: Int, text: String)] {
        let text = String(decoding: try TemporaryDirectory.read("\(directory)/\(file)"), as: UTF8.self)
        var result: [(number: Int, text: String)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("use ") {
                result += try lines(of: "Setups/\(line.dropFirst(4)).inc", in: directory).map { (index + 1, $0.text) }
            } else {
                result.append((index + 1, String(line)))
            }
        }
        return result
    }

    /// The scripts that one file describes: one, or one for each combination of its `each` values.
    private static func read(_ text: [(number: Int, text: String)], file: String) throws(WireFailure) -> [Script] {
        var lines: [(number: Int, text: String)] = []
        var choices: [(names: [String], values: [String])] = []
        for (number, raw) in text {
            if raw.hasPrefix("    "), let last = choices.indices.last, lines.isEmpty {
                choices[last].values.append(String(raw.dropFirst(4)))
            } else if raw.hasPrefix("each ") {
                choices.append((raw.dropFirst(5).split(separator: " ").map(String.init), []))
            } else if !raw.isEmpty, !raw.hasPrefix("#") {
                lines.append((number, raw))
            }
        }
        var combinations: [[String: String]] = [[:]]
        for choice in choices {
            guard !choice.values.isEmpty else { throw WireFailure("\(file): `each \(choice.names)` has no values") }
            let alternatives = choice.values.map { value in
                // One name takes the whole line, several take a word each.
                Dictionary(
                    uniqueKeysWithValues: zip(
                        choice.names, choice.names.count == 1 ? [value] : value.split(separator: " ").map(String.init)))
            }
            combinations = combinations.flatMap { known in alternatives.map { known.merging($0) { $1 } } }
        }
        let base = String(file.dropLast(4))
        var scripts: [Script] = []
        for combination in combinations {
            let values = choices.flatMap(\.names).map { combination[$0] ?? "" }
            var reader = ScriptReader(file: file)
            var script = Script(name: choices.isEmpty ? base : "\(base) [\(values.joined(separator: ", "))]")
            for (number, text) in lines {
                reader.line = number
                let filled = combination.reduce(text) { replace("${\($1.key)}", by: $1.value, in: $0) }
                try reader.read(filled, into: &script)
            }
            scripts.append(script)
        }
        return scripts
    }

    /// `text` with every occurrence of a pattern replaced.
    static func replace(_ pattern: String, by replacement: String, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: pattern) {
            result += rest[..<range.lowerBound] + replacement
            rest = rest[range.upperBound...]
        }
        return result + rest
    }

    private func failure(_ what: String) -> WireFailure { WireFailure("\(file):\(line): \(what)") }

    private func read(_ text: String, into script: inout Script) throws(WireFailure) {
        let (word, rest) = ScriptReader.cut(text)
        let arguments = rest.split(separator: " ").map(String.init)
        var action: Script.Action?
        switch word {
        case "order":
            guard let order = Script.Order(rawValue: rest) else { throw failure("no such order") }
            script.order = order
        case "monitors": script.monitors = try integer(rest)
        case "option": script.options += [ScriptReader.cut(rest).0, ScriptReader.cut(rest).1].filter { !$0.isEmpty }
        case "limit-file-size": script.fileSizeLimit = try size(rest)
        case "raw": script.negotiates = false
        case "mask": script.masked.formUnion(arguments)
        case "differs": script.differences += arguments
        case "tolerates": script.tolerated += arguments
        default: action = try self.action(word, rest, arguments)
        }
        if let action { script.steps.append(.init(line: line, text: text, action: action)) }
    }

    private func action(_ word: String, _ rest: String, _ arguments: [String]) throws(WireFailure) -> Script.Action {
        func argument(_ index: Int) throws(WireFailure) -> String {
            guard arguments.indices.contains(index) else { throw failure("argument \(index + 1) of \(word) is missing") }
            return arguments[index]
        }
        switch word {
        case ">": return .command(rest, mustSucceed: false)
        case ">>": return .send(Array((rest + "\n").utf8), times: 1)
        case "!": return .command(try message(rest), mustSucceed: false)
        case "!!": return .send(Array((try message(rest) + "\n").utf8), times: 1)
        case "+": return .command(try message(rest), mustSucceed: true)
        case "bytes": return .send(try escapes(rest), times: 1)
        case "repeat":
            let (count, text) = ScriptReader.cut(rest)
            return .send(try escapes(text), times: try integer(count))
        case "reply":
            if rest.hasPrefix("id=") { return .reply(id: try value(String(rest.dropFirst(3)))) }
            return .replies(rest.isEmpty ? 1 : try integer(rest))
        case "event":
            let words = ScriptReader.words(rest)
            return .event(words.first ?? "", try words.dropFirst().map { word throws(WireFailure) in try condition(word) })
        case "job":
            return .event(
                "JOB_STATUS_CHANGE",
                [
                    .init(path: "id", relation: .equal, value: .string(try argument(0))),
                    .init(path: "status", relation: .equal, value: .string(try argument(1))),
                ])
        case "poll":
            let (first, command) = ScriptReader.cut(rest)
            return .poll(try message(command), try condition(first))
        case "settle": return .settle
        case "client":
            let monitor = arguments.count > 1 ? Int(arguments[1]) : nil
            return .client(try argument(0), monitor: monitor ?? 0, negotiates: !arguments.contains("raw"))
        case "half-close": return .halfClose
        case "close": return .close
        case "eof": return .endOfInput
        case "exit": return .exit(Int32(try integer(rest)))
        case "signal":
            let signals = ["TERM": SIGTERM, "INT": SIGINT, "HUP": SIGHUP]
            guard let signal = signals[rest] else { throw failure("no such signal") }
            return .signal(signal)
        case "file":
            return .file(try argument(0), size: try size(try argument(1)), pattern: arguments.count > 2 ? try byte(arguments[2]) : nil)
        case "write":
            return .write(
                try argument(0), offset: try size(try argument(1)), length: try size(try argument(2)), pattern: try byte(try argument(3)))
        case "mode":
            guard let mode = UInt32(try argument(1), radix: 8) else { throw failure("no mode") }
            return .mode(try argument(0), mode)
        case "directory": return .directory(try argument(0))
        case "link": return .link(try argument(0), to: try argument(1))
        case "run": return .run(arguments, isShown: false)
        case "shows": return .run(arguments, isShown: true)
        case "backing":
            let words = ScriptReader.words(rest)
            guard words.count >= 2 else { throw failure("backing IMAGE NAME [FORMAT]") }
            return .backing(words[0], name: words[1], format: words.count > 2 ? words[2] : nil)
        case "remove": return .remove(rest)
        case "cmp": return .compare(try argument(0), try argument(1))
        case "content": return .content(rest)
        case "exists": return .exists(rest)
        default: throw failure("unknown directive \(word)")
        }
    }

    // MARK: Words and values

    /// The text up to the first space, and what follows it.
    private static func cut(_ text: String) -> (String, String) {
        guard let space = text.firstIndex(of: " ") else { return (text, "") }
        return (String(text[..<space]), String(text[text.index(after: space)...]))
    }

    /// Splits at spaces that are outside brackets and strings.
    private static func words(_ text: String) -> [String] {
        var result: [String] = []
        var word = ""
        var depth = 0
        var quoted = false
        for character in text {
            if character == "\"" { quoted.toggle() }
            if !quoted, "{[".contains(character) { depth += 1 }
            if !quoted, "}]".contains(character) { depth -= 1 }
            if character == " ", depth == 0, !quoted {
                if !word.isEmpty { result.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? result : result + [word]
    }

    /// The message for `name key=value ...`; the key `@id` gives the message's id.
    private func message(_ text: String) throws(WireFailure) -> String {
        let words = ScriptReader.words(text)
        guard let name = words.first else { throw failure("a command is missing") }
        var arguments: [WireValue.Member] = []
        var result: [WireValue.Member] = [("execute", .string(name))]
        var id: [WireValue.Member] = []
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "=") else { throw failure("\(word) is no key=value") }
            let value = try value(String(word[word.index(after: equals)...]))
            if word[..<equals] == "@id" { id = [("id", value)] } else { arguments.append((String(word[..<equals]), value)) }
        }
        if !arguments.isEmpty { result.append(("arguments", .object(arguments))) }
        return WireValue.object(result + id).wireText
    }

    /// A JSON value, or the text itself as a string.
    private func value(_ text: String) throws(WireFailure) -> WireValue {
        if let value = try? WireParser.parse(text) { return value }
        guard let first = text.first, !"{[\"".contains(first) else { throw failure("\(text) is not JSON") }
        return .string(text)
    }

    private func condition(_ text: String) throws(WireFailure) -> Script.Condition {
        for relation in [Script.Condition.Relation.unequal, .equal, .greater] {
            guard let range = text.firstRange(of: relation.rawValue) else { continue }
            return .init(path: String(text[..<range.lowerBound]), relation: relation, value: try value(String(text[range.upperBound...])))
        }
        throw failure("\(text) is no condition")
    }

    private func integer(_ text: String) throws(WireFailure) -> Int {
        guard let value = Int(text) else { throw failure("\(text) is no number") }
        return value
    }

    private func byte(_ text: String) throws(WireFailure) -> UInt8 {
        guard text.hasPrefix("0x"), let value = UInt8(text.dropFirst(2), radix: 16) else { throw failure("\(text) is no byte") }
        return value
    }

    private func size(_ text: String) throws(WireFailure) -> Int {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        guard let last = text.last, let unit = units[last] else { return try integer(text) }
        return try integer(String(text.dropLast())) * unit
    }

    /// The bytes of a text with the escapes `\n`, `\r`, `\t`, `\s` (a space), `\\` and `\xNN`.
    private func escapes(_ text: String) throws(WireFailure) -> [UInt8] {
        var result: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            switch bytes.popFirst() {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "s"): result.append(0x20)
            case UInt8(ascii: "\\"): result.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16) else { throw failure("bad \\x") }
                bytes = bytes.dropFirst(2)
                result.append(value)
            default: throw failure("unknown escape")
            }
        }
        return result
    }
}
