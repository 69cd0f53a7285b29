import Glibc
import Logging
import Synchronization

/// Log lines on standard error: `blockjobd: warning: text key=value`, or `<4>text key=value` when a journal reads them.
///
/// Whoever logs may be the control queue, so a line that standard error would not take at once is dropped, and the loss is said later.
struct StandardErrorLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let isJournal: Bool
    private static let dropped = Atomic<Int>(0)

    init(label: String, level: Logger.Level, isJournal: Bool = StandardErrorLog.journalReads(2)) {
        self.label = label
        self.isJournal = isJournal
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { $1 }
        StandardErrorLog.emit(line(event.level, "\(event.message)", merged))
    }

    /// The line for a message, with its end.
    func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        let members = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        // One message is one line of the journal: a line end within it would start a line without level.
        let body = (message + members).split(separator: "\n", omittingEmptySubsequences: false)
        if isJournal { return body.map { "<\(level.journalPriority)>\($0)\n" }.joined() }
        let word = level >= .error || level <= .notice ? "" : "\(level.rawValue): "
        return "\(label): \(word)\(body.joined(separator: "\n"))\n"
    }

    private static func emit(_ line: String) {
        var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        guard poll(&poller, 1, 0) == 1, poller.revents & Int16(POLLOUT) != 0 else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        let lost = dropped.exchange(0, ordering: .relaxed)
        _ = writeAll(Array(((lost > 0 ? "(\(lost) log lines lost)\n" : "") + line).utf8), to: 2)
    }

    /// Whether a descriptor is the stream that the journal has given this service, so that `<N>` prefixes are understood.
    static func journalReads(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard let stream = environmentVariable("JOURNAL_STREAM"), fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}

extension Logger.Level {
    /// The priority of syslog(3).
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
