public import Storage

/// What a storage can be asked to do.
public enum StorageOperation: String, Sendable, CaseIterable {
    case read, write, writeZeroes, discard, flush, extent, truncate

    var isChange: Bool { self != .read && self != .extent }
}

/// One operation that has ended.
public struct LoggedOperation: Sendable, Equatable, CustomStringConvertible {
    /// What was asked for.
    public let operation: StorageOperation
    /// Where.
    public let offset: Int64
    /// How many bytes.
    public let count: Int64
    /// Why it failed; nil when it worked.
    public let error: BlockError.Kind?

    /// For a failing test's report.
    public var description: String { "\(operation) \(offset)+\(count)\(error.map { " failed: \($0)" } ?? "")" }
}

struct InjectedFault {
    let operation: StorageOperation?
    let range: Range<Int64>?
    let error: BlockError
    var skipping: Int
    /// Nil for ever.
    var times: Int?
}

struct PlannedHang {
    let operation: StorageOperation?
    /// Nil for ever.
    var times: Int?
}

struct HangingOperation {
    let operation: StorageOperation
    let change: Change?
    let number: Int
    /// Resumed with why it fails, or nil.
    let continuation: UnsafeContinuation<BlockError?, Never>
}

struct HangWatcher {
    let count: Int
    let continuation: UnsafeContinuation<Void, Never>
}

extension SimulatedStorage {
    /// Lets operations fail with `errno`.
    /// - Parameters:
    ///   - operation: which kind; nil for all.
    ///   - range: only those that touch it; nil for all.
    ///   - skipping: how many matching operations work first.
    ///   - times: how many fail; nil for ever.
    public func fail(
        _ operation: StorageOperation?, errno: Int32, in range: Range<Int64>? = nil, skipping: Int = 0, times: Int? = 1
    ) {
        faults.append(
            InjectedFault(operation: operation, range: range, error: .system(errno), skipping: skipping, times: times))
    }

    /// Forgets all faults and planned hangs; what hangs already goes on hanging.
    public func heal() {
        faults = []
        hangs = []
        capacity = nil
    }

    /// Lets the next operations of a kind (nil: of any kind) hang before they have an effect, until `release`.
    public func hang(next operation: StorageOperation?, times: Int? = 1) {
        hangs.append(PlannedHang(operation: operation, times: times))
    }

    /// How many operations hang now.
    public var hangingCount: Int { hanging.count }

    /// Lets everything that hangs go on, in order; plans of further hangs stay.
    public func release() {
        let released = hanging
        hanging = []
        for operation in released { operation.continuation.resume(returning: nil) }
    }

    /// Lets the operation that hangs at `index`, in order of arrival, go on, or fail with `errno`.
    public func release(at index: Int, failing errno: Int32? = nil) {
        hanging.remove(at: index).continuation.resume(returning: errno.map { .system($0) })
    }

    /// What hangs, in order of arrival, each with a number that nothing else that hung here has had.
    public var hangingOperations: [(number: Int, operation: StorageOperation)] { hanging.map { ($0.number, $0.operation) } }

    /// Waits until at least `count` operations hang.
    public func waitUntilHanging(_ count: Int = 1) async {
        guard hanging.count < count else { return }
        await withUnsafeContinuation { watchers.append(HangWatcher(count: count, continuation: $0)) }
    }

    /// One operation: hangs if planned, fails if planned, else has its effect.
    func perform(
        _ operation: StorageOperation, _ offset: Int64, _ count: Int64, _ change: Change? = nil,
        _ effect: (SimulatedStorage) throws(BlockError) -> Void
    ) async throws(BlockError) {
        inFlight += 1
        defer { inFlight -= 1 }
        let epoch = epoch
        var failure: BlockError?
        if takeHang(operation) { failure = await hangHere(operation, change) }
        do throws(BlockError) {
            guard epoch == self.epoch, changesUntilDeath != 0 else { throw .system(5) }
            if let error = failure ?? takeFault(operation, offset..<max(offset + 1, offset + count)) {
                if let change, tearsFailedWrites { apply(change.torn(by: &generator), isDurable: false) }
                throw error
            }
            try effect(self)
            if operation.isChange, let left = changesUntilDeath { changesUntilDeath = left - 1 }
            log.append(LoggedOperation(operation: operation, offset: offset, count: count, error: nil))
        } catch {
            log.append(LoggedOperation(operation: operation, offset: offset, count: count, error: error.kind))
            throw error
        }
    }

    private func hangHere(_ operation: StorageOperation, _ change: Change?) async -> BlockError? {
        await withUnsafeContinuation { continuation in
            lastHanging += 1
            hanging.append(
                HangingOperation(operation: operation, change: change, number: lastHanging, continuation: continuation))
            let satisfied = watchers.filter { $0.count <= hanging.count }
            watchers.removeAll { $0.count <= hanging.count }
            for watcher in satisfied { watcher.continuation.resume() }
        }
    }

    private func takeHang(_ operation: StorageOperation) -> Bool {
        guard let index = hangs.firstIndex(where: { $0.operation == nil || $0.operation == operation }) else { return false }
        if let times = hangs[index].times {
            if times <= 1 { hangs.remove(at: index) } else { hangs[index].times = times - 1 }
        }
        return true
    }

    private func takeFault(_ operation: StorageOperation, _ range: Range<Int64>) -> BlockError? {
        for index in faults.indices {
            let fault = faults[index]
            guard fault.operation == nil || fault.operation == operation, fault.range?.overlaps(range) ?? true else { continue }
            if fault.skipping > 0 {
                faults[index].skipping -= 1
                continue
            }
            if let times = fault.times {
                if times <= 1 { faults.remove(at: index) } else { faults[index].times = times - 1 }
            }
            return fault.error
        }
        return nil
    }
}
