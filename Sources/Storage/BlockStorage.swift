/// What a storage needs of the requests it gets, and what it can do with them.
public struct StorageLimits: Sendable, Equatable {
    /// Offsets and lengths are multiples of this many bytes (a power of two, 1 for buffered files).
    public var requestAlignment: Int
    /// Buffer addresses are multiples of this many bytes (a power of two).
    public var memoryAlignment: Int
    /// The longest single request in bytes.
    public var maxTransfer: Int
    /// The longest single zeroing or discard in bytes.
    public var maxZeroes: Int64

    /// Makes limits; the defaults are those of a buffered file.
    public init(requestAlignment: Int = 1, memoryAlignment: Int = 4096, maxTransfer: Int = 64 << 20, maxZeroes: Int64 = .max) {
        self.requestAlignment = requestAlignment
        self.memoryAlignment = memoryAlignment
        self.maxTransfer = maxTransfer
        self.maxZeroes = maxZeroes
    }
}

/// How a write is to reach the medium.
public struct WriteFlags: OptionSet, Sendable {
    /// The raw bits.
    public let rawValue: UInt8
    /// Makes flags from raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The data is on stable storage when the call returns.
    public static let forceUnitAccess = WriteFlags(rawValue: 1)
    /// A format that compresses stores the data compressed. Who sets it has made sure that the node below can.
    public static let compressed = WriteFlags(rawValue: 2)
}

/// How zeroes may be written.
public struct ZeroFlags: OptionSet, Sendable {
    /// The raw bits.
    public let rawValue: UInt8
    /// Makes flags from raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The range may be deallocated, as long as it reads as zeroes.
    public static let mayUnmap = ZeroFlags(rawValue: 1)
    /// Refuse with `.unsupported` rather than write a buffer of zeroes.
    public static let noFallback = ZeroFlags(rawValue: 2)
    /// The zeroes are on stable storage when the call returns.
    public static let forceUnitAccess = ZeroFlags(rawValue: 4)
}

/// A run of bytes with one status.
public struct StorageExtent: Sendable, Equatable {
    /// What a reader finds there.
    public enum Content: Sendable, Equatable {
        /// Allocated bytes that must be read to be known.
        case data
        /// Allocated bytes that read as zeroes.
        case zero
        /// Unallocated bytes that read as zeroes.
        case hole
    }
    /// What a reader finds there.
    public let content: Content
    /// How many bytes it holds for: at least one.
    public let length: Int64

    /// Makes an extent of `length` bytes, at least one.
    public init(_ content: Content, length: Int64) {
        self.content = content
        self.length = length
    }
}

/// How the space of a file that grows is provided.
public enum Preallocation: String, Sendable, CaseIterable {
    /// A hole.
    case off
    /// Metadata only (formats that have it).
    case metadata
    /// Space reserved by the file system, contents undefined but zero when read.
    case falloc
    /// Zeroes written.
    case full
}

/// Bytes that live somewhere: in a host file, on a device, in a test's memory. It knows no format.
///
/// Loop-bound: an instance belongs to one isolation domain and its methods stay on the caller's actor. Requests may overlap in time and
/// complete in any order; a caller that needs an order waits. A buffer stays valid until the call that got it returns.
open class BlockStorage {
    /// What requests must look like.
    public internal(set) var limits: StorageLimits

    /// For subclasses.
    public init(limits: StorageLimits) {
        self.limits = limits
    }

    /// The current length in bytes.
    open var length: Int64 { 0 }

    /// Fills `buffer` with the bytes at `offset`. What lies beyond the end reads as zeroes up to the request alignment, and is refused after it.
    open func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        throw BlockError(.unsupported, "reading is not supported")
    }

    /// As `read`, where that needs no waiting: from the host's page cache, say. For many small reads, which would cost less than their awaits.
    /// - Returns: whether `buffer` is filled; otherwise `read` has the bytes, or the error.
    open func readNow(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Bool { false }

    /// Writes all of `buffer` at `offset`.
    open func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        throw BlockError(.unsupported, "writing is not supported")
    }

    /// Makes `count` bytes at `offset` read as zeroes.
    open func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        throw BlockError(.unsupported, "writing zeroes is not supported")
    }

    /// Tells the storage that `count` bytes at `offset` are no longer needed; what they read as afterwards is undefined.
    open func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        throw BlockError(.unsupported, "discard is not supported")
    }

    /// Returns when every write completed before the call is on stable storage.
    open func flush() async throws(BlockError) {}

    /// - Returns: the status of the bytes at `offset`, for at most `limit` bytes. Without knowledge all is `.data`.
    open func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        StorageExtent(.data, length: limit)
    }

    /// Sets the length; new bytes read as zeroes.
    open func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        throw BlockError(.unsupported, "Image format driver does not support resize")
    }

    /// Copies `count` bytes from another storage without a buffer of the caller's: off the loop, and by the cheapest way that these two have.
    /// - Throws: `.unsupported` when they have none; nothing was then written.
    open func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        throw BlockError(.unsupported, "copying between these storages is not supported")
    }

    /// Bytes allocated where the storage lives; nil when that is unknown.
    open func allocatedSize() async -> Int64? { nil }

    /// Hears of a step that a format is about to take here. Only storages that inject faults care.
    open func note(_ event: DebugEvent) {}

    /// Whether nothing may ever be written.
    open var isReadOnly: Bool { false }

    /// Has the next change of permissions open the storage anew, with other options. Nothing is in flight until it has ended.
    open func prepareReopen(_ options: HostFileOptions) {}

    /// There will be no such change.
    open func abandonReopen() {}

    /// First step of a change of what this user does with the image and lets other processes do: takes the locks that are new, checks them
    /// against those of others, and keeps the old ones.
    /// - Throws: `.inUse` when another process is in the way; nothing has changed then.
    open func prepareLocks(held: LockSet, shared: LockSet) async throws(BlockError) {}

    /// Second step: gives up the locks that are no longer needed. It cannot fail.
    open func commitLocks() async {}

    /// Instead of the second step: gives up the locks that `prepareLocks` took.
    open func abortLocks() async {}

    /// Releases locks and descriptors. Nothing may be in flight.
    open func close() async {}
}

/// What a user of an image may do, or lets others do. The bits are QEMU's, and their positions are bytes of its image locks.
public struct LockSet: OptionSet, Sendable, Hashable {
    /// The raw bits.
    public let rawValue: UInt8
    /// Makes a set from raw bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Reading data that nobody else is in the middle of changing.
    public static let consistentRead = LockSet(rawValue: 1)
    /// Changing data.
    public static let write = LockSet(rawValue: 2)
    /// Writing what is there already, as copy-on-read does.
    public static let writeUnchanged = LockSet(rawValue: 4)
    /// Changing the length.
    public static let resize = LockSet(rawValue: 8)
    /// All of them.
    public static let all: LockSet = [.consistentRead, .write, .writeUnchanged, .resize]
    /// Those that need a descriptor open for writing.
    public static let writing: LockSet = [.write, .writeUnchanged, .resize]
}
