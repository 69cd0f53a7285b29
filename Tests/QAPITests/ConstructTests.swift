import JSON
import QAPI
import Testing

/// What the generator makes of each construct of the schema language, by the fixture's types.
@Suite struct ConstructTests {
    @Test(arguments: [
        ("i8", "-128", "127", "-129", "128", "int8_t"), ("i16", "-32768", "32767", "-32769", "32768", "int16_t"),
        ("i32", "-2147483648", "2147483647", "-2147483649", "2147483648", "int32_t"), ("u8", "0", "255", "-1", "256", "uint8_t"),
        ("u16", "0", "65535", "-1", "65536", "uint16_t"), ("u32", "0", "4294967295", "-1", "4294967296", "uint32_t"),
    ])
    func `integers have widths`(name: String, least: String, greatest: String, below: String, above: String, type: String) throws {
        for number in [least, greatest] {
            let json = #"{"\#(name)": \#(number)}"#
            #expect(text(try decode(Widths.self, json)) == json)
        }
        for number in [below, above] {
            #expect(try refusal(Widths.self, #"{"\#(name)": \#(number)}"#) == "Parameter '\(name)' expects \(type)")
        }
        let kind = name.hasPrefix("i") ? "Invalid parameter type for '\(name)', expected: integer" : "Parameter '\(name)' expects uint64"
        for other in ["1.5", "1e2", "\"1\"", "null", "true", "18446744073709551616"] {
            #expect(try refusal(Widths.self, #"{"\#(name)": \#(other)}"#) == kind)
        }
    }

    @Test func `64 bits are exact, and a negative unsigned number wraps around`() throws {
        let widths = try decode(
            Widths.self, #"{"i64": -9223372036854775808, "u64": 18446744073709551615, "bytes": -1}"#)
        #expect(widths.i64 == .min && widths.u64 == .max && widths.bytes == ByteCount(.max))
        #expect(try refusal(Widths.self, #"{"i64": 9223372036854775808}"#) == "Invalid parameter type for 'i64', expected: integer")
    }

    @Test func `numbers, truth values, null, anything and arrays`() throws {
        let json = #"{"real": 1.5, "flag": true, "nothing": null, "anything": {"x": [1, null]}, "list": [1, -2]}"#
        let widths = try decode(Widths.self, json)
        #expect(widths.real == 1.5 && widths.flag == true && widths.nothing == QAPINull() && widths.list == [1, -2])
        #expect(widths.anything == ["x": [1, nil]])
        #expect(text(widths) == json)
        #expect(try decode(Widths.self, #"{"real": 2}"#).real == 2)
        #expect(try refusal(Widths.self, #"{"real": "2"}"#) == "Invalid parameter type for 'real', expected: number")
        #expect(try refusal(Widths.self, #"{"nothing": 0}"#) == "Invalid parameter type for 'nothing', expected: null")
        #expect(try refusal(Widths.self, #"{"list": [1, "x"]}"#) == "Invalid parameter type for 'list[1]', expected: integer")
        #expect(try decode(Widths.self, "{}") == Widths())
    }

    @Test func `a struct may contain itself`() throws {
        let json = #"{"name": "a", "next": {"name": "b", "next": {"name": "c"}}}"#
        var chain = try decode(Chain.self, json)
        #expect(chain == Chain(name: "a", next: Chain(name: "b", next: Chain(name: "c"))))
        #expect(text(chain) == json)
        chain.next?.next = nil
        #expect(text(chain) == #"{"name": "a", "next": {"name": "b"}}"#)
        #expect(try refusal(Chain.self, #"{"name": "a", "next": {"next": {}}}"#) == "Parameter 'next.name' is missing")
    }

    @Test func `a union takes the members of its tag's branch, and none where there is no branch`() throws {
        let plain = try decode(Tagged.self, #"{"word": "default", "name": "n"}"#)
        #expect(plain == Tagged(name: "n", variant: .default) && plain.word == .default)
        let json = #"{"name": "n", "word": "in", "inner": {"name": "m", "word": "5-inch"}, "self": null}"#
        let nested = try decode(Tagged.self, json)
        #expect(nested == Tagged(name: "n", variant: .in(Chained(inner: Tagged(name: "m", variant: ._5Inch), self_: .n(QAPINull())))))
        #expect(text(nested) == json)
        #expect(try refusal(Tagged.self, #"{"name": "n", "word": "default", "self": null}"#) == "Parameter 'self' is unexpected")
        #expect(try refusal(Tagged.self, #"{"name": "n", "self": null}"#) == "Parameter 'word' is missing")
    }

    @Test func `an alternate is chosen by the JSON type`() throws {
        let cases: [(String, Choice)] = [
            ("7", .number(7)), ("true", .flag(true)), ("\"in\"", .word(.in)), (#"{"name": "x"}"#, .chain(Chain(name: "x"))),
            ("[1, [false]]", .list([.number(1), .list([.flag(false)])])),
        ]
        for (json, choice) in cases {
            let command = try decode(TryAll.self, #"{"choice": \#(json)}"#)
            #expect(command.choice == choice)
            #expect(text(command) == #"{"choice": \#(json)}"#)
        }
        #expect(try refusal(TryAll.self, #"{"choice": null}"#) == "Invalid parameter type for 'choice', expected: Choice")
        #expect(try refusal(TryAll.self, #"{"choice": 1.5}"#) == "Invalid parameter type for 'choice', expected: Choice")
        #expect(try refusal(TryAll.self, #"{"choice": "bogus"}"#) == "Parameter 'choice' does not accept value 'bogus'")
        #expect(try refusal(TryAll.self, #"{"choice": [[null]]}"#) == "Invalid parameter type for 'null', expected: Choice")
    }

    @Test func `commands and events carry what the schema says about them`() {
        #expect(TryAll.name == "try-all" && TryAll.allowOOB && TryAll.Reply.self == [Tagged].self)
        #expect(TryWidths.name == "try-widths" && !TryWidths.allowOOB && TryWidths.Reply.self == Widths.self)
        #expect(TriedEvent.name == "TRIED" && !TriedEvent.hasData)
        #expect(SchemaCommands.names == ["try-all", "try-widths"])
    }
}
