import BlockGraph
import BlockJobs
import Jobs
import QMP
import Storage

// The only place where the daemon's errors become QMP's classes.

extension QMPError {
    /// The registry's refusal.
    init(_ error: JobError) {
        self.init(error.kind == .blockJobNotFound ? .deviceNotActive : .genericError, error.message)
    }

    /// A node's or the graph's refusal.
    init(_ error: BlockError) {
        self.init(.genericError, error.message)
    }

    /// Why a job was not started.
    init(_ error: BlockJobError) {
        switch error.kind {
        case .generic: self.init(.genericError, error.message)
        case .deviceNotFound: self.init(.deviceNotFound, error.message)
        case .deviceNotActive: self.init(.deviceNotActive, error.message)
        }
    }
}

extension StorageMonitor {
    /// Does something in the registry, within this turn.
    func inRegistry<Value: Sendable>(_ body: @Sendable (isolated JobRegistry) throws(JobError) -> Value) throws(QMPError) -> Value {
        let result = registry.assumeIsolated { registry -> Result<Value, JobError> in
            Result { () throws(JobError) in try body(registry) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw QMPError(error)
        }
    }

    /// Waits for something in the registry.
    func waitingForRegistry(_ body: @Sendable (JobRegistry) async throws(JobError) -> Void) async throws(QMPError) {
        do throws(JobError) { try await body(registry) } catch { throw QMPError(error) }
    }

    /// Waits for something in the graph.
    func waitingForGraph<Value: Sendable>(_ body: @Sendable (BlockGraph) async throws(BlockError) -> Value) async throws(QMPError) -> Value
    {
        do throws(BlockError) { return try await body(graph) } catch { throw QMPError(error) }
    }

    /// Waits for a job to start.
    func waitingForBlockJobs(_ body: @Sendable (BlockJobs) async throws(BlockJobError) -> Void) async throws(QMPError) {
        do throws(BlockJobError) { try await body(blockJobs) } catch { throw QMPError(error) }
    }
}
