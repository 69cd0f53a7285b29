/// qcow2 stores every number in big-endian order.
enum BigEndian {
    /// The number at `offset` bytes.
    @inline(__always)
    static func load<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int, as type: Number.Type) -> Number {
        Number(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// Puts a number at `offset` bytes.
    @inline(__always)
    static func store<Number: FixedWidthInteger>(_ number: Number, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
        bytes.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
    }

    /// The number at `offset` bytes of an array.
    static func load<Number: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, as type: Number.Type) -> Number {
        bytes.withUnsafeBytes { load($0, offset, as: type) }
    }

    /// The bytes of a number.
    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
