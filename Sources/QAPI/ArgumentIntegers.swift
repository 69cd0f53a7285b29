internal import JSON

extension ArgumentValue {
    /// Reads an integer of 64 bits with a sign.
    public func int64() throws(ArgumentError) -> Int64 {
        guard style == .keyval else {
            guard let number = view.integer else { throw wrongType(expected: "integer") }
            return number
        }
        guard let number = IntegerText.signed(try string()) else { throw .expects(name, "integer") }
        return number
    }

    /// Reads an integer of 64 bits without a sign. A negative one wraps around, as it always did in QEMU.
    public func uint64() throws(ArgumentError) -> UInt64 {
        guard style == .keyval else {
            if let number = view.unsigned { return number }
            if let number = view.integer { return UInt64(bitPattern: number) }
            throw .expects(name, "uint64")
        }
        guard let number = IntegerText.unsigned(try string()) else { throw .expects(name, "integer") }
        return number
    }

    /// Reads a number of bytes: on a command line with an optional suffix.
    public func size() throws(ArgumentError) -> UInt64 {
        guard style == .keyval else { return try uint64() }
        guard let number = IntegerText.size(try string()) else { throw .expects(name, "size") }
        return number
    }

    /// Reads an integer with a sign that fits `type`.
    public func integer<Number: FixedWidthInteger & SignedInteger>(_ type: Number.Type) throws(ArgumentError) -> Number {
        guard let number = Number(exactly: try int64()) else { throw .expects(step.shortName, "int\(Number.bitWidth)_t") }
        return number
    }

    /// Reads an integer without a sign that fits `type`.
    public func integer<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) throws(ArgumentError) -> Number {
        guard let number = Number(exactly: try uint64()) else { throw .expects(step.shortName, "uint\(Number.bitWidth)_t") }
        return number
    }
}
