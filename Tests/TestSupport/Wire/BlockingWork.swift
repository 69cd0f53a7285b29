import Dispatch

/// Runs blocking work of tests beside the cooperative thread pool, a few at a time.
///
/// A test that blocks on a socket would otherwise hold one of the few threads on which every other test runs.
public actor BlockingWork {
    /// The instance that all tests of a process share: four at a time, more would only make the others wait longer.
    public static let shared = BlockingWork(width: 4)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes a gate that lets `width` pieces of work run at a time.
    public init(width: Int) {
        free = width
    }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }

    /// Runs `work` on a thread that may block, when its turn has come.
    public func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        await enter()
        defer { leave() }
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try work() })
            }
        }
    }
}
