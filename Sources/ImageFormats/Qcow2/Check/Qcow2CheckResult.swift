/// What a check may change.
public enum Qcow2Repair: Sendable, Equatable {
    /// Nothing.
    case none
    /// Frees what nothing refers to.
    case leaks
    /// Frees what nothing refers to, and mends whatever can be mended.
    case all
}

/// One thing that a check found.
public struct Qcow2Finding: Sendable, Equatable {
    /// What it means for the image.
    public enum Severity: Sendable, Equatable {
        /// Data may be wrong, or become wrong by further writing.
        case corruption
        /// Space is taken that nothing uses.
        case leak
        /// The check could not look at something.
        case checkError
    }

    /// What it means for the image.
    public let severity: Severity
    /// One sentence without a full stop.
    public let message: String
}

/// The outcome of a check. The numbers are those that `qemu-img check` gives.
public struct Qcow2CheckResult: Sendable, Equatable {
    /// Contradictions that are left.
    public internal(set) var corruptions = 0
    /// Leaked clusters that are left.
    public internal(set) var leaks = 0
    /// What could not be checked.
    public internal(set) var checkErrors = 0
    /// Contradictions that were mended.
    public internal(set) var corruptionsFixed = 0
    /// Leaked clusters that were freed.
    public internal(set) var leaksFixed = 0
    /// The end of the last cluster in use, in bytes; 0 when the check did not get so far.
    public internal(set) var imageEndOffset: Int64 = 0
    /// Clusters of the virtual disk.
    public internal(set) var totalClusters: Int64 = 0
    /// Guest clusters that have a host cluster, compressed ones too.
    public internal(set) var allocatedClusters: Int64 = 0
    /// Guest clusters that are compressed.
    public internal(set) var compressedClusters: Int64 = 0
    /// Guest clusters that do not follow their predecessor in the file.
    public internal(set) var fragmentedClusters: Int64 = 0
    /// Whether the check came to its end. One that did not has counted only a part.
    public internal(set) var isComplete = false
    /// The first findings, at most `maxFindings`; the numbers count all of them.
    public internal(set) var findings: [Qcow2Finding] = []

    /// How many findings are kept: a broken image may have as many as it has entries.
    public static let maxFindings = 1000

    /// Whether nothing is wrong any more.
    public var isClean: Bool { isComplete && corruptions == 0 && leaks == 0 && checkErrors == 0 }

    /// Notes a finding; the message is made only when it is kept.
    mutating func note(_ severity: Qcow2Finding.Severity, _ message: @autoclosure () -> String) {
        switch severity {
        case .corruption: corruptions += 1
        case .leak: leaks += 1
        case .checkError: checkErrors += 1
        }
        if findings.count < Self.maxFindings { findings.append(Qcow2Finding(severity: severity, message: message())) }
    }
}
