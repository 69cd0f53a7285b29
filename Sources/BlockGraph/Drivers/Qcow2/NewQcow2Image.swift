import IOLoop
import ImageFormats
public import Storage

/// A qcow2 image to be made; the defaults are those of `blockdev-create`.
public struct NewQcow2Image: Sendable, Equatable {
    /// How compressed clusters are compressed.
    public enum Compression: String, Sendable, CaseIterable {
        case zlib, zstd
    }

    /// Where it is made: a node that is there, or one that is opened for this and closed afterwards.
    public var file: ChildSpec
    /// Where the disk's data is to be, if not in the image.
    public var dataFile: ChildSpec?
    /// Whether the data file is kept readable as a raw image.
    public var dataFileRaw = false
    /// The disk's length in bytes; a negative one is refused.
    public var size: Int64
    /// Whether it is of version 2 instead of 3.
    public var isVersion2 = false
    /// Whether clusters have subclusters.
    public var extendedL2 = false
    /// Bytes of a cluster.
    public var clusterSize: UInt64?
    /// The backing file's name, written down as it is.
    public var backingFile: String?
    /// The backing file's format.
    public var backingFormat: String?
    /// How much has its space from the start.
    public var preallocation = Preallocation.off
    /// Whether refcounts may be written late.
    public var lazyRefcounts = false
    /// Bits of a refcount.
    public var refcountBits: Int64?
    /// How compressed clusters are compressed.
    public var compression = Compression.zlib

    /// Makes an image's options.
    public init(file: ChildSpec, size: Int64) {
        self.file = file
        self.size = size
    }
}

extension BlockGraph {
    /// Makes a qcow2 image in a node that nobody else writes to: who did would write over the image.
    ///
    /// Crash: an image that was not finished has no valid header.
    /// - Throws: in QEMU's words.
    public func create(_ image: NewQcow2Image) async throws(BlockError) {
        let names = try await openForCreation([image.file] + (image.dataFile.map { [$0] } ?? []))
        do throws(BlockError) {
            let options = try Qcow2CreateOptions(
                image,
                dataFileName: try names.dropFirst().first.map { (name) throws(BlockError) in
                    try path(of: name)
                })
            try await write(options, to: names)
        } catch {
            await closeAfterCreation(names)
            throw error
        }
        await closeAfterCreation(names)
    }

    private func write(_ options: Qcow2CreateOptions, to names: [String]) async throws(BlockError) {
        let spec = NodeUserSpec(permissions: Permissions(held: [.write, .resize]))
        let users = try await attach(names.map { (spec, $0) })
        var outcome = await exclude(users)
        if outcome == nil { outcome = await write(options, through: users) }
        await detach(users)
        if let failure = outcome { throw failure }
    }

    /// Nobody else may write to an image, and its creation reads what it wrote. QEMU finds out after it has written.
    private func exclude(_ users: [NodeUser]) async -> BlockError? {
        guard let file = users.first else { return nil }
        do throws(BlockError) {
            try await setPermissions(
                of: file, Permissions(held: [.consistentRead, .write, .resize], shared: LockSet.all.subtracting([.write, .resize])))
            return nil
        } catch {
            return error
        }
    }

    private func write(_ options: Qcow2CreateOptions, through users: [NodeUser]) async -> BlockError? {
        guard let first = users.first else { return nil }
        do throws(BlockError) {
            try await first.thread.run { (io: isolated IOThread) async throws(BlockError) in
                for user in users { try await user.access.value.begin() }
                defer { for user in users { user.access.value.end() } }
                let storages = users.map { NodeStorage($0.access.value.edge) }
                try await Qcow2Creation.create(in: storages[0], dataFile: storages.dropFirst().first, options: options)
            }
            return nil
        } catch {
            return error
        }
    }
}

extension Qcow2CreateOptions {
    fileprivate init(_ image: NewQcow2Image, dataFileName: String?) throws(BlockError) {
        self.init(
            size: image.size, version: image.isVersion2 ? .v2 : .v3, clusterSize: image.clusterSize ?? 65536,
            preallocation: image.preallocation, lazyRefcounts: image.lazyRefcounts, refcountBits: image.refcountBits ?? 16,
            compression: image.compression == .zstd ? .zstd : .zlib, extendedL2: image.extendedL2, dataFile: dataFileName,
            dataFileRaw: image.dataFileRaw, backingFile: image.backingFile, backingFormat: image.backingFormat)
    }
}
