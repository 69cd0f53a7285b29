import Testing

@testable import qapi_generate

/// What is wrong with a schema is said with the file and the line.
@Suite struct SchemaErrorTests {
    /// A documentation block and a definition; the definition begins on line 4.
    private static func defined(_ name: String, _ definition: String, members: [String] = [], more: String = "") -> String {
        let described = members.map { "#\n# @\($0): text\n" }.joined()
        return "##\n# @\(name):\n#\n# Text.\n\(described)##\n\(definition)\n\(more)"
    }

    private func failure(_ files: [String: String]) -> String? {
        do {
            let schema = try SchemaChecker.check(SchemaParser.parse(path: "s.json") { files[$0] })
            _ = try GeneratedFiles(schema)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("{", "s.json:1: expected a key, got the end of the file"),
        ("{ 'struct': 'A',, }", "s.json:1: expected a key, got ','"),
        ("{ 'struct' 'A' }", "s.json:1: expected ':', got string 'A'"),
        ("{ 'a': 1 }", "s.json:1: stray '1'"),
        ("\n{ \"a\": 'b' }", "s.json:2: stray '\"'"),
        ("{ 'a': [ 'b' 'c' ] }", "s.json:1: expected ',' or ']', got string 'c'"),
        ("{ 'a': 'b' 'c' }", "s.json:1: expected ',' or '}', got string 'c'"),
        ("{ 'a': 'b", "s.json:1: string without its closing quote"),
        ("{ 'a': 'b\\n' }", "s.json:1: strings are plain ASCII without escapes"),
        ("{ 'a': 'b', 'a': 'c' }", "s.json:1: key 'a' comes twice"),
        ("{ 'a': null }", "s.json:1: stray 'null'"),
        ("[ 'a' ]", "s.json:1: expected a definition, not a list"),
        ("##\n# @A:", "s.json:1: documentation block without its closing '##'"),
        ("##\n#x\n##", "s.json:2: a line of a documentation block must begin with '# '"),
        ("##\n# @A:\n#\n# Text.\n##\n", "s.json:1: documentation block without a definition after it"),
        ("\n{ 'include': 'nowhere.json' }", "s.json:2: cannot read 'nowhere.json'"),
        ("{ 'include': 'a.json', 'x': 'y' }", "s.json:1: an include has an unknown key 'x'"),
    ])
    func `a text that is no schema`(text: String, message: String) {
        #expect(failure(["s.json": text]) == message)
    }

    @Test(arguments: [
        ("{ 'struct': 'A', 'data': { } }", "s.json:1: 'A' has no documentation"),
        ("{ 'data': { } }", "s.json:1: a definition has exactly one of the keys enum, struct, union, alternate, command, event"),
        (
            "{ 'struct': 'A', 'enum': 'B' }",
            "s.json:1: a definition has exactly one of the keys enum, struct, union, alternate, command, event"
        ),
        (defined("B", "{ 'struct': 'A', 'data': { } }"), "s.json:1: the documentation of 'A' must begin with '@A:'"),
        ("##\n# @A:\n##\n{ 'struct': 'A', 'data': { } }", "s.json:1: 'A' has no description"),
        (defined("A", "{ 'struct': 'A' }"), "s.json:6: 'A' has no 'data'"),
        (defined("A", "{ 'struct': 'A', 'data': { 'x': 'str' } }"), "s.json:1: 'x' of 'A' has no description"),
        (defined("A", "{ 'struct': 'A', 'data': { } }", members: ["x"]), "s.json:1: 'A' has no 'x' to describe"),
        (defined("A", "{ 'struct': 'A', 'data': { }, 'if': 'X' }"), "s.json:6: struct 'A' has an unknown key 'if'"),
        (defined("A", "{ 'struct': 'A', 'data': [ ] }"), "s.json:6: the members of 'A' must be an object, not a list"),
        (defined("a", "{ 'struct': 'a', 'data': { } }"), "s.json:6: 'a' is no name for this: letters and digits, beginning with a capital"),
        (
            defined("A", "{ 'struct': 'A', 'data': { 'X': 'str' } }", members: ["X"]),
            "s.json:8: 'X' is no name for this: lower-case letters, digits, '-' and '_', beginning with a letter"
        ),
        (defined("A", "{ 'struct': 'A', 'data': { 'x': 'str', '*x': 'str' } }", members: ["x"]), "s.json:8: member 'x' comes twice in 'A'"),
        (defined("A", "{ 'struct': 'A', 'data': { 'x': 'Y' } }", members: ["x"]), "s.json:8: there is no type 'Y'"),
        (
            defined("A", "{ 'struct': 'A', 'data': { 'x': [ 'str', 'int' ] } }", members: ["x"]),
            "s.json:8: the type of an array is a list with one type"
        ),
        (
            defined("A", "{ 'struct': 'A', 'data': { 'x': [ [ 'str' ] ] } }", members: ["x"]),
            "s.json:8: an array of arrays needs a struct in between"
        ),
        (defined("A", "{ 'struct': 'A', 'data': { }, 'base': 'B' }"), "s.json:6: the base 'B' of 'A' is no struct"),
        (defined("A", "{ 'struct': 'A', 'data': { }, 'base': 'A' }"), "s.json:6: 'A' is its own base"),
        (defined("A", "{ 'struct': 'A', 'data': { }, 'features': [ 'f' ] }"), "s.json:1: feature 'f' of 'A' has no description"),
        (
            defined("A", "{ 'struct': 'A', 'data': { 'a-b': 'str', 'a_b': 'str' } }", members: ["a-b", "a_b"]),
            "s.json:10: two members of 'A' are both 'aB' in Swift"
        ),
    ])
    func `a struct that cannot be`(text: String, message: String) {
        #expect(failure(["s.json": text]) == message)
    }

    private static let word = defined("W", "{ 'enum': 'W', 'data': [ 'a', 'b' ] }", members: ["a", "b"])
    private static let empty = defined("E", "{ 'struct': 'E', 'data': { } }")

    @Test(arguments: [
        ("{ 'union': 'U', 'data': { } }", [], "union 'U' needs 'base' and 'discriminator'"),
        (
            "{ 'union': 'U', 'base': { 't': 'str' }, 'discriminator': 't', 'data': { 'a': 'E' } }", ["t"],
            "the discriminator 't' of union 'U' must be a member that is there always and is an enum"
        ),
        (
            "{ 'union': 'U', 'base': { '*t': 'W' }, 'discriminator': 't', 'data': { 'a': 'E' } }", ["t"],
            "the discriminator 't' of union 'U' must be a member that is there always and is an enum"
        ),
        ("{ 'union': 'U', 'base': { 't': 'W' }, 'discriminator': 't', 'data': { } }", ["t"], "union 'U' has no branch"),
        ("{ 'union': 'U', 'base': { 't': 'W' }, 'discriminator': 't', 'data': { 'c': 'E' } }", ["t"], "'W' has no value 'c'"),
        (
            "{ 'union': 'U', 'base': { 't': 'W' }, 'discriminator': 't', 'data': { 'a': 'W' } }", ["t"],
            "branch 'a' of union 'U' must be a struct"
        ),
        ("{ 'alternate': 'U', 'data': { } }", [], "alternate 'U' has no branch"),
        ("{ 'alternate': 'U', 'data': { 'x': 'any' } }", ["x"], "branch 'x' of alternate 'U' cannot be told from others"),
        (
            "{ 'alternate': 'U', 'data': { 'x': 'str', 'y': 'W' } }", ["x", "y"],
            "alternate 'U' cannot tell branch 'y' from 'x'"
        ),
        ("{ 'alternate': 'U', 'data': { '*x': 'str' } }", ["x"], "branch 'x' of an alternate cannot be optional"),
        ("{ 'enum': 'U', 'data': [ 'x', 'x' ] }", ["x"], "value 'x' comes twice in enum 'U'"),
        ("{ 'struct': 'W', 'data': { } }", [], "'W' is already defined in s.json:10"),
    ])
    func `a union, alternate or enum that cannot be`(definition: String, members: [String], message: String) {
        let name = definition.hasPrefix("{ 'struct'") ? "W" : "U"
        let shown = failure(["s.json": Self.word + Self.empty + Self.defined(name, definition, members: members)])
        #expect(shown.map { String($0.drop { $0 != " " }.dropFirst()) } == message)
    }

    @Test(arguments: [
        ("{ 'command': 'c', 'boxed': true }", "s.json:6: 'boxed' needs 'data'"),
        ("{ 'command': 'c', 'boxed': true, 'data': { } }", "s.json:6: 'boxed' needs the name of a type as 'data'"),
        ("{ 'command': 'c', 'data': 'str' }", "s.json:6: the data of 'c' must be a struct"),
        ("{ 'command': 'c', 'data': 'X', 'boxed': true }", "s.json:6: the data of 'c' must be a struct or a union"),
        ("{ 'command': 'c', 'returns': 'str' }", "s.json:1: 'c' needs 'Returns:' in its documentation if and only if it returns something"),
        ("{ 'command': 'c', 'allow-oob': 'true' }", "s.json:6: 'allow-oob' must be true or false, not a string"),
        ("{ 'command': 'c', 'gen': false }", "s.json:6: 'gen': false is for query-qmp-schema alone"),
        ("{ 'command': 'c', 'features': [ { 'if': 'X' } ] }", "s.json:6: a feature has an unknown key 'if'"),
    ])
    func `a command that cannot be`(definition: String, message: String) {
        #expect(failure(["s.json": Self.defined("c", definition)]) == message)
    }

    @Test func `a reply must be an object or an array of objects`() {
        let text = "##\n# @c:\n#\n# Text.\n#\n# Returns: text\n##\n{ 'command': 'c', 'returns': 'str' }"
        #expect(failure(["s.json": text]) == "s.json:8: 'c' must return an object or an array of objects")
    }

    @Test func `two things with one name in Swift`() {
        let text = Self.defined(
            "JobPause", "{ 'struct': 'JobPause', 'data': { } }", more: Self.defined("job-pause", "{ 'command': 'job-pause' }"))
        #expect(failure(["s.json": text]) == "s.json:12: 'job-pause' and 'JobPause' are both 'JobPause' in Swift")
    }

    @Test func `an included file is read once, and is named in its errors`() {
        let files = [
            "s.json": "{ 'include': 'sub/a.json' }\n{ 'include': 'sub/b.json' }",
            "sub/a.json": "{ 'include': 'b.json' }",
            "sub/b.json": Self.empty + "\n{ 'struct': 'F', 'data': { } }",
        ]
        #expect(failure(files) == "sub/b.json:8: 'F' has no documentation")
    }
}
