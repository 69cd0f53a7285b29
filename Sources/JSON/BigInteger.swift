/// Integers from 2^63 to 2^64-1 in jansson's tree, which has no type for them.
///
/// They stand there as strings that begin with a byte which no parsed string can contain, since jansson accepts only
/// valid UTF-8; decimal digits follow.
enum BigInteger {
    static let mark: UInt8 = 0xFF

    /// The number behind the mark.
    static func value(_ marked: UnsafeBufferPointer<UInt8>) -> UInt64 {
        marked.dropFirst().reduce(0) { $0 &* 10 &+ UInt64($1 &- UInt8(ascii: "0")) }
    }
}
