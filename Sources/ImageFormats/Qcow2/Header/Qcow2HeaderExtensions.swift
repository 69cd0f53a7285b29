/// The kinds of header extensions that are known here.
enum Qcow2ExtensionType {
    static let end: UInt32 = 0
    static let backingFormat: UInt32 = 0xe279_2aca
    static let featureNames: UInt32 = 0x6803_f857
    static let bitmaps: UInt32 = 0x2385_2875
    static let encryptionHeader: UInt32 = 0x0537_be77
    static let dataFileName: UInt32 = 0x4441_5441
}

/// The bitmaps extension: 0 number of bitmaps (4 bytes), 4 reserved, 8 directory size, 16 directory offset.
public struct Qcow2BitmapsExtension: Sendable, Hashable {
    /// Bitmaps in the image: 1...65535.
    public var count: UInt32
    /// Bytes of the directory, of all entries together.
    public var directorySize: UInt64
    /// Where the directory begins.
    public var directoryOffset: UInt64

    /// Makes the extension.
    public init(count: UInt32, directorySize: UInt64, directoryOffset: UInt64) {
        self.count = count
        self.directorySize = directorySize
        self.directoryOffset = directoryOffset
    }

    static let size = 24
}

/// The pointer to the full disk encryption header: 0 its offset, 8 its length.
public struct Qcow2EncryptionHeaderPointer: Sendable, Hashable {
    /// Where it begins in the file.
    public var offset: UInt64
    /// Its bytes.
    public var length: UInt64

    /// Makes the pointer.
    public init(offset: UInt64, length: UInt64) {
        self.offset = offset
        self.length = length
    }

    static let size = 16
}

/// An extension of a kind that nobody here knows.
public struct Qcow2UnknownExtension: Sendable, Hashable {
    /// Its kind.
    public var type: UInt32
    /// Its data, without the padding.
    public var bytes: [UInt8]

    /// Makes an extension.
    public init(type: UInt32, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }
}
