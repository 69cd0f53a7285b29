public import Storage

/// Grows a file in large steps: a write beyond what the file has makes it longer than the write needs, so that the next ones find space. The
/// node's length is that of its data; what was provided beyond is given back when nobody may write any more, and on close.
///
/// Only while parents may write and resize, which nobody else may then, does it keep its own account of the file's end.
public final class PreallocateDriver: FilterDriver {
    private var align: Int64
    private var size: Int64
    /// Parents may write and resize.
    private var isActive = false
    /// One past the last byte of data; nil while the file's length says that.
    private var dataEnd: Int64?
    /// From here on the file is known to read as zeroes; nil while that is not known.
    private var zeroStart: Int64?
    /// The file's length; nil while it has to be asked for.
    private var fileEnd: Int64?
    /// Keeps the zeroes that provide space and the data that goes there apart.
    private let ranges = RangeLock()

    /// Makes a driver.
    /// - Parameters:
    ///   - align: the file's end is provided as a multiple of this many bytes.
    ///   - size: how many bytes beyond a write are provided.
    public init(_ child: NodeEdge, align: Int64 = 1 << 20, size: Int64 = 128 << 20) {
        self.align = max(1, align)
        self.size = size
        super.init(child)
    }

    public override var length: Int64 { dataEnd ?? child.node.length }

    public override func permissionsChanged(to held: LockSet) async {
        let mayGrow = held.isSuperset(of: [.write, .resize])
        if isActive && !mayGrow { await giveBack() }
        isActive = mayGrow
    }

    public override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        // What lies within the file is not zeroed to provide it, unless that has begun already: the file may have grown by another write.
        let isInside = offset + count <= min(length, child.node.length) && ranges.exclusiveCount == 0
        guard !isActive || isInside else { return nil }
        return Passage(child.node, at: offset)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        _ = await provide(offset, Int64(buffer.count), asZeroes: false)
        let token = await ranges.acquire(at: offset, count: Int64(buffer.count), mode: .shared)
        defer { ranges.release(token) }
        try await super.write(at: offset, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        if await provide(offset, count, asZeroes: true) { return }
        let token = await ranges.acquire(at: offset, count: count, mode: .shared)
        defer { ranges.release(token) }
        try await super.writeZeroes(at: offset, count: count, flags: flags)
    }

    /// What lies beyond the data is nothing to a reader.
    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await child.node.extent(at: offset, limit: limit)
    }

    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        if let end = dataEnd, length > end {
            if preallocation == .falloc, let fileEnd, length <= fileEnd {
                // It has been provided already.
                dataEnd = length
                return
            }
            // Holes are wanted, or another kind of space: what was provided is in the way.
            try await drop(to: end)
        }
        try await super.truncate(to: length, preallocation: preallocation)
        guard isActive else { return }
        dataEnd = length
        zeroStart = length
        fileEnd = length
    }

    public override func close() async { await giveBack() }

    public override func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        guard let definition = definition as? PreallocateDefinition else { return DriverReopening() }
        try definition.check(options)
        try definition.check(over: futureFile ?? child.node)
        // What was provided in a file that the node leaves is nobody's any more.
        if futureFile != nil { await giveBack() }
        return Reopening(self, definition)
    }

    private final class Reopening: DriverReopening {
        private let driver: PreallocateDriver
        private let definition: PreallocateDefinition

        init(_ driver: PreallocateDriver, _ definition: PreallocateDefinition) {
            self.driver = driver
            self.definition = definition
        }

        override func commit() async {
            driver.align = max(1, definition.align)
            driver.size = definition.size
        }
    }

    /// Accounts for a write, and provides more when it ends beyond the file.
    /// - Returns: whether the range was zeroed with that, so that a zeroing has nothing more to do.
    private func provide(_ offset: Int64, _ count: Int64, asZeroes: Bool) async -> Bool {
        guard isActive else { return false }
        let end = offset + count
        if dataEnd == nil {
            dataEnd = child.node.length
            fileEnd = fileEnd ?? dataEnd
        }
        guard let known = dataEnd, end > known else { return false }
        dataEnd = end
        if zeroStart == nil || !asZeroes { zeroStart = end }
        let isZero = asZeroes && offset >= zeroStart ?? end
        let have = fileEnd ?? child.node.length
        fileEnd = have
        guard end > have else { return isZero }
        let start = asZeroes ? min(offset, have) : have
        // An amount that no file can have is not provided at all.
        let (wanted, overflow) = max(start, end).addingReportingOverflow(size)
        guard !overflow, wanted <= ProtocolDriver.longest, align <= ProtocolDriver.longest else { return isZero }
        let stop = (wanted + align - 1) / align * align
        // Set at once: writes that come meanwhile find it provided, or write beyond it as files allow.
        fileEnd = stop
        let token = await ranges.acquire(at: start, count: stop - start, mode: .exclusive)
        defer { ranges.release(token) }
        // Others may have made the file longer while this waited, and their data must stay.
        let grown = child.node.length
        let isFirst = grown <= have
        let first = isFirst ? start : max(start, grown)
        guard first < stop else { return false }
        do throws(BlockError) {
            try await child.node.writeZeroes(at: first, count: stop - first, flags: .noFallback)
            return asZeroes && isFirst && start <= offset
        } catch {
            // No space, or no such call: the write itself makes the file longer. How long it is now has to be asked for.
            fileEnd = nil
            return false
        }
    }

    /// Gives back what no data has reached. An error leaves the file longer than its data, as a crash would.
    private func giveBack() async {
        guard let end = dataEnd else { return }
        do throws(BlockError) {
            try await drop(to: end)
        } catch {
            // There is nobody to tell; the bytes beyond read as zeroes.
        }
        dataEnd = nil
        zeroStart = nil
        fileEnd = nil
    }

    private func drop(to end: Int64) async throws(BlockError) {
        guard (fileEnd ?? child.node.length) > end else { return }
        try await child.node.truncate(to: end)
        fileEnd = end
    }
}
