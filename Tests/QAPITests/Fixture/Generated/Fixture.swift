// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON
public import QAPI

/// A struct that contains itself.
public struct Chain: QAPIObject {
    /// Its name.
    public var name: String
    /// The next one.
    @Indirect public var next: Chain?

    /// Makes a value from its members.
    public init(
        name: String,
        next: Chain? = nil
    ) {
        self.name = name
        self.next = next
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        name = try reader.required("name")
        next = try reader.optional("next")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("next", ifPresent: next)
    }
}

/// Every built-in type.
public struct Widths: QAPIObject {
    /// 8 bits.
    public var i8: Int8?
    /// 16 bits.
    public var i16: Int16?
    /// 32 bits.
    public var i32: Int32?
    /// 64 bits.
    public var i64: Int64?
    /// 8 bits.
    public var u8: UInt8?
    /// 16 bits.
    public var u16: UInt16?
    /// 32 bits.
    public var u32: UInt32?
    /// 64 bits.
    public var u64: UInt64?
    /// A size.
    public var bytes: ByteCount?
    /// A number.
    public var real: Double?
    /// A truth value.
    public var flag: Bool?
    /// Null.
    public var nothing: QAPINull?
    /// Any value.
    public var anything: JSONValue?
    /// An array.
    public var list: [Int64]?

    /// Makes a value from its members.
    public init(
        i8: Int8? = nil,
        i16: Int16? = nil,
        i32: Int32? = nil,
        i64: Int64? = nil,
        u8: UInt8? = nil,
        u16: UInt16? = nil,
        u32: UInt32? = nil,
        u64: UInt64? = nil,
        bytes: ByteCount? = nil,
        real: Double? = nil,
        flag: Bool? = nil,
        nothing: QAPINull? = nil,
        anything: JSONValue? = nil,
        list: [Int64]? = nil
    ) {
        self.i8 = i8
        self.i16 = i16
        self.i32 = i32
        self.i64 = i64
        self.u8 = u8
        self.u16 = u16
        self.u32 = u32
        self.u64 = u64
        self.bytes = bytes
        self.real = real
        self.flag = flag
        self.nothing = nothing
        self.anything = anything
        self.list = list
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        i8 = try reader.optional("i8")
        i16 = try reader.optional("i16")
        i32 = try reader.optional("i32")
        i64 = try reader.optional("i64")
        u8 = try reader.optional("u8")
        u16 = try reader.optional("u16")
        u32 = try reader.optional("u32")
        u64 = try reader.optional("u64")
        bytes = try reader.optional("bytes")
        real = try reader.optional("real")
        flag = try reader.optional("flag")
        nothing = try reader.optional("nothing")
        anything = try reader.optional("anything")
        list = try reader.optional("list")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("i8", ifPresent: i8)
        writer.member("i16", ifPresent: i16)
        writer.member("i32", ifPresent: i32)
        writer.member("i64", ifPresent: i64)
        writer.member("u8", ifPresent: u8)
        writer.member("u16", ifPresent: u16)
        writer.member("u32", ifPresent: u32)
        writer.member("u64", ifPresent: u64)
        writer.member("bytes", ifPresent: bytes)
        writer.member("real", ifPresent: real)
        writer.member("flag", ifPresent: flag)
        writer.member("nothing", ifPresent: nothing)
        writer.member("anything", ifPresent: anything)
        writer.member("list", ifPresent: list)
    }
}

/// Words that mean something in Swift.
public enum Word: String, QAPIEnum {
    /// One.
    case `default` = "default"
    /// Two.
    case `in` = "in"
    /// Three.
    case _5Inch = "5-inch"
}

/// A string or null.
public enum StrOrNull: QAPIValue {
    /// A string.
    case s(String)
    /// Null.
    case n(QAPINull)

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .string: self = .s(try String(from: value))
        case .null: self = .n(try QAPINull(from: value))
        default: throw value.matchesNo(alternate: "StrOrNull")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .s(let value): value.encode(to: &writer)
        case .n(let value): value.encode(to: &writer)
        }
    }
}

/// Everything that an alternate can tell apart.
public enum Choice: QAPIValue {
    /// A number.
    case number(Int64)
    /// A truth value.
    case flag(Bool)
    /// A word.
    case word(Word)
    /// An object.
    case chain(Chain)
    /// An array.
    case list([Choice])

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .integer, .unsigned: self = .number(try Int64(from: value))
        case .bool: self = .flag(try Bool(from: value))
        case .string: self = .word(try Word(from: value))
        case .object: self = .chain(try Chain(from: value))
        case .array: self = .list(try [Choice](from: value))
        default: throw value.matchesNo(alternate: "Choice")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .number(let value): value.encode(to: &writer)
        case .flag(let value): value.encode(to: &writer)
        case .word(let value): value.encode(to: &writer)
        case .chain(let value): value.encode(to: &writer)
        case .list(let value): value.encode(to: &writer)
        }
    }
}

/// A union whose tag is in its base, with values that have no branch.
public struct Tagged: QAPIObject {
    /// Its name.
    public var name: String
    /// The tag, with the members that come with it.
    public var variant: Variant

    /// Makes a value from its members.
    public init(
        name: String,
        variant: Variant
    ) {
        self.name = name
        self.variant = variant
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: Word
        name = try reader.required("name")
        tag = try reader.required("word")
        variant = try Variant(tag, members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("word", variant.tag)
        variant.encodeMembers(to: &writer)
    }

    /// The tag.
    public var word: Word { variant.tag }

    /// The members that come with each value of `word`.
    public indirect enum Variant: Sendable, Equatable {
        /// One.
        case `default`
        /// Two.
        case `in`(Chained)
        /// Three.
        case _5Inch

        /// The value of `word`.
        public var tag: Word {
            switch self {
            case .`default`: .`default`
            case .`in`: .`in`
            case ._5Inch: ._5Inch
            }
        }

        /// Reads the members that come with `tag`.
        init(_ tag: Word, members reader: inout ArgumentReader) throws(ArgumentError) {
            switch tag {
            case .`default`: self = .`default`
            case .`in`: self = .`in`(try Chained(members: &reader))
            case ._5Inch: self = ._5Inch
            }
        }

        /// Writes the members that come with the tag.
        func encodeMembers(to writer: inout JSONWriter) {
            switch self {
            case .`in`(let payload): payload.encodeMembers(to: &writer)
            case .`default`, ._5Inch: break
            }
        }
    }
}

/// A branch that leads back to its union.
public struct Chained: QAPIObject {
    /// The next one.
    public var inner: Tagged?
    /// A word that means something in Swift.
    public var self_: StrOrNull?

    /// Makes a value from its members.
    public init(
        inner: Tagged? = nil,
        self_: StrOrNull? = nil
    ) {
        self.inner = inner
        self.self_ = self_
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        inner = try reader.optional("inner")
        self_ = try reader.optional("self")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("inner", ifPresent: inner)
        writer.member("self", ifPresent: self_)
    }
}

/// A command whose arguments are a struct, member by member.
///
/// Unstable: for tests.
public struct TryWidths: QAPICommand {
    /// The same.
    public typealias Reply = Widths
    /// The name on the wire.
    public static let name = "try-widths"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// 8 bits.
    public var i8: Int8?
    /// 16 bits.
    public var i16: Int16?
    /// 32 bits.
    public var i32: Int32?
    /// 64 bits.
    public var i64: Int64?
    /// 8 bits.
    public var u8: UInt8?
    /// 16 bits.
    public var u16: UInt16?
    /// 32 bits.
    public var u32: UInt32?
    /// 64 bits.
    public var u64: UInt64?
    /// A size.
    public var bytes: ByteCount?
    /// A number.
    public var real: Double?
    /// A truth value.
    public var flag: Bool?
    /// Null.
    public var nothing: QAPINull?
    /// Any value.
    public var anything: JSONValue?
    /// An array.
    public var list: [Int64]?

    /// Makes a value from its members.
    public init(
        i8: Int8? = nil,
        i16: Int16? = nil,
        i32: Int32? = nil,
        i64: Int64? = nil,
        u8: UInt8? = nil,
        u16: UInt16? = nil,
        u32: UInt32? = nil,
        u64: UInt64? = nil,
        bytes: ByteCount? = nil,
        real: Double? = nil,
        flag: Bool? = nil,
        nothing: QAPINull? = nil,
        anything: JSONValue? = nil,
        list: [Int64]? = nil
    ) {
        self.i8 = i8
        self.i16 = i16
        self.i32 = i32
        self.i64 = i64
        self.u8 = u8
        self.u16 = u16
        self.u32 = u32
        self.u64 = u64
        self.bytes = bytes
        self.real = real
        self.flag = flag
        self.nothing = nothing
        self.anything = anything
        self.list = list
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        i8 = try reader.optional("i8")
        i16 = try reader.optional("i16")
        i32 = try reader.optional("i32")
        i64 = try reader.optional("i64")
        u8 = try reader.optional("u8")
        u16 = try reader.optional("u16")
        u32 = try reader.optional("u32")
        u64 = try reader.optional("u64")
        bytes = try reader.optional("bytes")
        real = try reader.optional("real")
        flag = try reader.optional("flag")
        nothing = try reader.optional("nothing")
        anything = try reader.optional("anything")
        list = try reader.optional("list")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("i8", ifPresent: i8)
        writer.member("i16", ifPresent: i16)
        writer.member("i32", ifPresent: i32)
        writer.member("i64", ifPresent: i64)
        writer.member("u8", ifPresent: u8)
        writer.member("u16", ifPresent: u16)
        writer.member("u32", ifPresent: u32)
        writer.member("u64", ifPresent: u64)
        writer.member("bytes", ifPresent: bytes)
        writer.member("real", ifPresent: real)
        writer.member("flag", ifPresent: flag)
        writer.member("nothing", ifPresent: nothing)
        writer.member("anything", ifPresent: anything)
        writer.member("list", ifPresent: list)
    }
}

/// A command with arguments of every kind.
public struct TryAll: QAPICommand {
    /// Many.
    public typealias Reply = [Tagged]
    /// The name on the wire.
    public static let name = "try-all"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// An object.
    public var chain: Chain?
    /// A union.
    public var tagged: Tagged?
    /// An alternate.
    public var choice: Choice?

    /// Makes a value from its members.
    public init(
        chain: Chain? = nil,
        tagged: Tagged? = nil,
        choice: Choice? = nil
    ) {
        self.chain = chain
        self.tagged = tagged
        self.choice = choice
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        chain = try reader.optional("chain")
        tagged = try reader.optional("tagged")
        choice = try reader.optional("choice")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("chain", ifPresent: chain)
        writer.member("tagged", ifPresent: tagged)
        writer.member("choice", ifPresent: choice)
    }
}

/// An event without data.
public struct TriedEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "TRIED"
    /// Whether there is data.
    public static let hasData = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}
