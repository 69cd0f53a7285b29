internal import Glibc

/// How the jobs of one transaction end; the raw values are the names on the wire.
public enum CompletionMode: String, Sendable, CaseIterable, Codable {
    /// Each on its own.
    case individual
    /// All or none.
    case grouped
}

/// What to do when a request of a job fails; the raw values are the names on the wire.
public enum ErrorPolicy: String, Sendable, CaseIterable, Codable {
    /// The job fails.
    case report
    /// The job goes on; see `JobContext.report(_:operation:)` for how often it says so.
    case ignore
    /// As `stop` when space ran out, else as `report`.
    case enospc
    /// The job pauses as if a user had paused it.
    case stop
    /// As `enospc`.
    case auto

    /// What this policy makes of a failure.
    public func action(for failure: JobFailure) -> ErrorAction {
        switch self {
        case .report: .report
        case .ignore: .ignore
        case .stop: .stop
        case .enospc, .auto: failure.isOutOfSpace ? .stop : .report
        }
    }
}

/// What an error policy came to; the raw values are the names on the wire.
public enum ErrorAction: String, Sendable, CaseIterable {
    /// The body throws the failure.
    case report
    /// The body goes on: it retries later or leaves the piece out.
    case ignore
    /// The body reaches its next checkpoint, where it is parked, then retries.
    case stop
}

/// Which side of a job failed; the raw values are the names on the wire.
public enum IOOperation: String, Sendable, CaseIterable {
    /// Reading the source.
    case read
    /// Writing the target.
    case write
}

extension JobFailure {
    /// Out of space: the one error that a person is expected to cure while the job waits.
    var isOutOfSpace: Bool { kind == .system(errno: ENOSPC) }
}

/// Everything about a job that is the same for all types and known when it is created.
///
/// A plain value: with the body's own arguments it is what a job needs to be started again.
public struct JobParameters: Sendable, Equatable, Codable {
    /// The id that clients use; well-formed and unique among the jobs that exist.
    public var id: String
    /// What it does.
    public var type: JobType
    /// Bytes a second, 0 for no limit.
    public var speed: Int64
    /// Whether it finalizes itself.
    public var autoFinalize: Bool
    /// Whether it is forgotten as soon as it concludes.
    public var autoDismiss: Bool
    /// What to do when the source fails.
    public var onSourceError: ErrorPolicy
    /// What to do when the target fails.
    public var onTargetError: ErrorPolicy

    /// Makes parameters; the defaults are those of QMP.
    public init(
        id: String, type: JobType, speed: Int64 = 0, autoFinalize: Bool = true, autoDismiss: Bool = true,
        onSourceError: ErrorPolicy = .report, onTargetError: ErrorPolicy = .report
    ) {
        self.id = id
        self.type = type
        self.speed = speed
        self.autoFinalize = autoFinalize
        self.autoDismiss = autoDismiss
        self.onSourceError = onSourceError
        self.onTargetError = onTargetError
    }

    /// Whether `id` is well-formed: a letter, then letters, digits, `-`, `.` and `_`, all ASCII.
    public static func isWellFormed(id: String) -> Bool {
        guard let first = id.utf8.first, isLetter(first) else { return false }
        return id.utf8.dropFirst().allSatisfy { byte in
            isLetter(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
