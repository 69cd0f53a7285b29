internal import BlockGraph
internal import Glibc
internal import Jobs
internal import Storage

/// A request of a copy failed, and on which side.
struct CopyFailure: Error {
    /// Reading the source, or writing the target.
    let operation: IOOperation
    /// What the node said.
    let error: BlockError

    /// As a job says it: for a refusal by the host the bare description of its errno, which is what clients of QEMU know.
    var failure: JobFailure { JobFailure(error) }
}

extension JobFailure {
    /// A node's error as a job's.
    init(_ error: BlockError) {
        switch error.kind {
        case .system(let errno): self.init(.system(errno: errno), errnoDescription(errno))
        case .outOfBounds: self.init(.system(errno: EIO), errnoDescription(EIO))
        case .readOnly, .unsupported, .invalidOption, .inUse, .invalidImage: self.init(.other, error.message)
        }
    }
}

extension CopyEnds {
    /// Opens a bracket for the work of one claim.
    func beginClaim() async throws(CopyFailure) -> CopyBracket {
        do throws(BlockError) {
            return try await begin()
        } catch {
            throw CopyFailure(operation: .write, error: error)
        }
    }
}
