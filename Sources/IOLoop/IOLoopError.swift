/// Why a loop could not start.
public enum IOLoopError: Error, Sendable, Equatable {
    /// The host refused with this `errno` value (positive).
    case system(errno: Int32)
}
