internal import CJansson

/// A value inside a `JSONDocument`, for reading only; it cannot outlive the document.
///
/// Integers keep their exact value up to 2^64-1. Reading with the wrong type gives nil, nothing is converted, so that a
/// decoder can tell a wrong type from a missing member.
public struct JSONView: ~Escapable {
    /// The type of a JSON value.
    public enum Kind: Sendable, Hashable {
        case null, bool, string, array, object
        /// Written without fraction and exponent, within 64 bits with a sign.
        case integer
        /// Written without fraction and exponent, from 2^63 to 2^64-1.
        case unsigned
        /// Every other number.
        case double
    }

    let pointer: UnsafeMutablePointer<json_t>

    @_lifetime(borrow document)
    init(rootOf document: borrowing JSONDocument) {
        self.pointer = document.pointer
    }

    @_lifetime(copy parent)
    init(_ pointer: UnsafeMutablePointer<json_t>, in parent: JSONView) {
        self.pointer = pointer
    }

    /// The value's type.
    public var kind: Kind {
        switch pointer.pointee.type {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: bigInteger == nil ? .string : .unsigned
        case JSON_INTEGER: .integer
        case JSON_REAL: .double
        case JSON_TRUE, JSON_FALSE: .bool
        default: .null
        }
    }

    // MARK: Scalars

    /// The truth value, if this is one.
    public var bool: Bool? {
        switch pointer.pointee.type {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: nil
        }
    }

    /// The number, if its kind is `integer`.
    public var integer: Int64? {
        pointer.pointee.type == JSON_INTEGER ? json_integer_value(pointer) : nil
    }

    /// The number, if its kind is `unsigned`, or `integer` and not negative.
    public var unsigned: UInt64? {
        if let integer { return UInt64(exactly: integer) }
        return bigInteger
    }

    /// The number of any kind, rounded where a double cannot hold it.
    public var double: Double? {
        switch pointer.pointee.type {
        case JSON_REAL: json_real_value(pointer)
        case JSON_INTEGER: Double(json_integer_value(pointer))
        default: bigInteger.map { Double($0) }
        }
    }

    /// The text, if this is a string.
    public var string: String? {
        guard let utf8 = utf8, utf8.first != BigInteger.mark else { return nil }
        return String(decoding: utf8, as: UTF8.self)
    }

    /// Whether this is the string `text`; costs no allocation.
    public func isString(_ text: StaticString) -> Bool {
        guard let utf8 else { return false }
        return utf8.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The bytes of a string node. They live as long as the document.
    private var utf8: UnsafeBufferPointer<UInt8>? {
        guard pointer.pointee.type == JSON_STRING, let text = json_string_value(pointer) else { return nil }
        let count = json_string_length(pointer)
        return text.withMemoryRebound(to: UInt8.self, capacity: count) { UnsafeBufferPointer(start: $0, count: count) }
    }

    private var bigInteger: UInt64? {
        guard let utf8, utf8.first == BigInteger.mark else { return nil }
        return BigInteger.value(utf8)
    }

    // MARK: Containers

    /// The number of elements or members; 0 for everything else.
    public var count: Int {
        switch pointer.pointee.type {
        case JSON_ARRAY: json_array_size(pointer)
        case JSON_OBJECT: json_object_size(pointer)
        default: 0
        }
    }

    /// The value of the member called `name`, if this is an object that has it.
    @_lifetime(copy self)
    public func member(_ name: String) -> JSONView? {
        var name = name
        let found = name.withUTF8 { name in
            name.withMemoryRebound(to: CChar.self) { json_object_getn(pointer, $0.baseAddress, $0.count) }
        }
        guard let found else { return nil }
        return JSONView(found, in: self)
    }

    /// The element at `index`, if this is an array that long.
    @_lifetime(copy self)
    public func element(_ index: Int) -> JSONView? {
        guard index >= 0, let found = json_array_get(pointer, index) else { return nil }
        return JSONView(found, in: self)
    }

    /// Calls `body` for each member in the order in which they came.
    public func forEachMember<Failure: Error>(
        _ body: (_ name: String, _ value: JSONView) throws(Failure) -> Void
    ) throws(Failure) {
        guard pointer.pointee.type == JSON_OBJECT else { return }
        var position = json_object_iter(pointer)
        while let here = position {
            if let name = json_object_iter_key(here), let value = json_object_iter_value(here) {
                let utf8 = UnsafeRawBufferPointer(start: name, count: json_object_iter_key_len(here))
                try body(String(decoding: utf8, as: UTF8.self), JSONView(value, in: self))
            }
            position = json_object_iter_next(pointer, here)
        }
    }

    /// Calls `body` for each element in order.
    public func forEachElement<Failure: Error>(
        _ body: (_ index: Int, _ value: JSONView) throws(Failure) -> Void
    ) throws(Failure) {
        guard pointer.pointee.type == JSON_ARRAY else { return }
        for index in 0..<json_array_size(pointer) {
            if let value = json_array_get(pointer, index) { try body(index, JSONView(value, in: self)) }
        }
    }

    /// A copy of the value that needs no document.
    public var value: JSONValue {
        switch kind {
        case .null: return .null
        case .bool: return .bool(pointer.pointee.type == JSON_TRUE)
        case .integer: return .integer(json_integer_value(pointer))
        case .unsigned: return .unsigned(bigInteger ?? 0)
        case .double: return .double(json_real_value(pointer))
        case .string: return .string(string ?? "")
        case .array:
            var elements: [JSONValue] = []
            elements.reserveCapacity(count)
            forEachElement { _, element in elements.append(element.value) }
            return .array(elements)
        case .object:
            var members: [JSONValue.Member] = []
            members.reserveCapacity(count)
            forEachMember { name, member in members.append(.init(name, member.value)) }
            return .object(members)
        }
    }

    // MARK: Echoing

    /// The value's JSON text in `style`.
    public func encoded(_ style: JSONWriter.Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        encode(to: &writer)
        return writer.bytes
    }

    /// Writes the value as it came, but for its layout and escapes.
    public func encode(to writer: inout JSONWriter) {
        switch kind {
        case .null: writer.null()
        case .bool: writer.value(pointer.pointee.type == JSON_TRUE)
        case .integer: writer.value(json_integer_value(pointer))
        case .unsigned: writer.value(bigInteger ?? 0)
        case .double: writer.value(json_real_value(pointer))
        case .string: writer.value(string ?? "")
        case .array:
            writer.beginArray()
            for index in 0..<json_array_size(pointer) { element(index)?.encode(to: &writer) }
            writer.endArray()
        case .object:
            writer.beginObject()
            var position = json_object_iter(pointer)
            while let here = position {
                if let name = json_object_iter_key(here), let value = json_object_iter_value(here) {
                    let utf8 = UnsafeRawBufferPointer(start: name, count: json_object_iter_key_len(here))
                    writer.name(String(decoding: utf8, as: UTF8.self))
                    JSONView(value, in: self).encode(to: &writer)
                }
                position = json_object_iter_next(pointer, here)
            }
            writer.endObject()
        }
    }
}
