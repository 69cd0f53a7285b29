import TestSupport

/// A behaviour, written as a dialogue: what a test does to a daemon, and what it waits for. Docs/Testing.md describes the language.
struct Script: Sendable, CustomStringConvertible {
    /// How the order of what a daemon sends is compared.
    enum Order: String, Sendable {
        /// Everything in one line, as it came.
        case strict
        /// Replies in their order, each job's events in theirs: for jobs that run side by side, or I/O that is in flight when a reply is sent.
        case jobs
        /// Replies in their order, all events in theirs.
        case replies
    }

    /// The file's name under Scripts, and the values of its `each` lines when it has any.
    var name: String
    var order = Order.strict
    /// How many monitors, each on a socket of its own, the daemon is started with.
    var monitors = 1
    /// Further options of the daemon.
    var options: [String] = []
    /// No file of the daemon may grow beyond this: how scripts get write errors.
    var fileSizeLimit: Int?
    /// Whether the first client stays as it is after connecting, so that the script sees the greeting and negotiates itself.
    var negotiates = true
    /// Members whose values are not compared, wherever they are.
    var masked: Set<String> = []
    /// The names of the wanted differences that this script always shows.
    var differences: [String] = []
    /// The names of the wanted differences that it may show: which of its `each` values do is not worth a line.
    var tolerated: [String] = []
    var steps: [Step] = []

    var description: String { name }

    /// One line of a script.
    struct Step: Sendable {
        let line: Int
        let text: String
        let action: Action
    }

    /// What a line does.
    enum Action: Sendable {
        /// Sends bytes as they are, so many times.
        case send([UInt8], times: Int)
        /// Sends a message and waits for its reply, which must be a success when `mustSucceed`.
        case command(String, mustSucceed: Bool)
        /// Waits for so many replies.
        case replies(Int)
        /// Waits for the reply with this id.
        case reply(id: WireValue)
        /// Waits for an event whose data hold these values at these paths.
        case event(String, [Condition])
        /// Sends a command again and again, unrecorded, until its reply holds a value.
        case poll(String, Condition)
        /// Lets every event that the daemon has already caused arrive, unrecorded itself.
        case settle
        /// Goes on as another client, connecting it when it is new.
        case client(String, monitor: Int, negotiates: Bool)
        case halfClose
        case close
        /// Waits for the daemon to close the connection.
        case endOfInput
        /// Waits for the daemon to end with this code.
        case exit(Int32)
        case signal(Int32)
        case file(String, size: Int, pattern: UInt8?)
        case write(String, offset: Int, length: Int, pattern: UInt8)
        case mode(String, UInt32)
        case directory(String)
        /// A symbolic link.
        case link(String, to: String)
        /// Runs a tool in the directory; it must end with 0. With `isShown` what it prints is recorded.
        case run([String], isShown: Bool)
        /// Writes the name of a backing file, and its format if there is one, into a qcow2 image's header, as it is.
        case backing(String, name: String, format: String?)
        case remove(String)
        /// Records whether two files have the same bytes.
        case compare(String, String)
        /// Records what a file holds, as runs of equal bytes.
        case content(String)
        /// Records whether a path exists.
        case exists(String)
    }

    /// A value wanted somewhere in a message.
    struct Condition: Sendable {
        enum Relation: String, Sendable {
            case equal = "="
            case unequal = "!="
            case greater = ">"
        }

        let path: String
        let relation: Relation
        let value: WireValue

        func holds(in message: WireValue) -> Bool {
            guard let found = message.at(path) else { return relation == .unequal }
            switch relation {
            case .equal: return found == value
            case .unequal: return found != value
            case .greater: return (found.integer ?? Int.min) > (value.integer ?? Int.max)
            }
        }
    }
}
