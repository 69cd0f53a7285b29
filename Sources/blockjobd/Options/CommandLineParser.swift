/// The options that the daemon knows. Raw values are the long names.
enum OptionName: String, CaseIterable {
    case blockdev, chardev, daemonize, export, help, monitor, object, pidfile, trace, version
    case nbdServer = "nbd-server"
    case ioEngine = "x-io-engine"
    case imageRoot = "x-image-root"
    case logLevel = "x-log-level"
    case socketGroup = "x-socket-group"
    case outputLimit = "x-output-limit"
    case inputBudget = "x-input-budget"
    case cancelDeadline = "x-cancel-deadline"
    case shutdownDeadline = "x-shutdown-deadline"

    /// Whether a value follows.
    var takesArgument: Bool {
        switch self {
        case .daemonize, .help, .version: false
        default: true
        }
    }
}

/// One thing on the command line.
struct CommandLineItem: Equatable {
    /// What it is.
    enum Kind: Equatable {
        case option(OptionName, argument: String)
        /// A word that belongs to no option.
        case word(String)
    }
    let kind: Kind
    /// The words as typed, joined by spaces: the place that an error names.
    let location: String
}

/// Splits a command line as getopt_long does: `--name value`, `--name=value`, unique beginnings of long names, `-hV`, `-T value`.
enum CommandLineParser {
    private static let shortOptions: [Character: OptionName] = ["h": .help, "T": .trace, "V": .version]

    /// The items in order.
    ///
    /// An item that cannot be understood is a failure in its place, so that `--help` before it still helps.
    static func parse(_ words: [String]) -> [Result<CommandLineItem, StartFailure>] {
        var items: [Result<CommandLineItem, StartFailure>] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == "--" {
                items += words[(index + 1)...].map { .success(CommandLineItem(kind: .word($0), location: $0)) }
                break
            }
            let rest = words[(index + 1)...]
            if word.hasPrefix("--") {
                items.append(Result { () throws(StartFailure) in try long(word, next: rest.first, consumed: &index) })
            } else if word.hasPrefix("-") && word.count > 1 {
                items += short(word, next: rest.first, consumed: &index)
            } else {
                items.append(.success(CommandLineItem(kind: .word(word), location: word)))
            }
            index += 1
        }
        return items
    }

    /// A long option; `consumed` moves on when its argument is the next word.
    private static func long(_ word: String, next: String?, consumed: inout Int) throws(StartFailure) -> CommandLineItem {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let typed = String(parts.first ?? "")
        let name = try find(typed, word: word)
        let attached = parts.count > 1 ? String(parts[1]) : nil
        guard name.takesArgument else {
            guard attached == nil else { throw StartFailure("option '--\(name.rawValue)' doesn't allow an argument") }
            return CommandLineItem(kind: .option(name, argument: ""), location: word)
        }
        if let attached { return CommandLineItem(kind: .option(name, argument: attached), location: word) }
        guard let next else { throw StartFailure("option '--\(name.rawValue)' requires an argument") }
        consumed += 1
        return CommandLineItem(kind: .option(name, argument: next), location: "\(word) \(next)")
    }

    /// The option of this name, or the only one that begins so.
    private static func find(_ typed: String, word: String) throws(StartFailure) -> OptionName {
        if let exact = OptionName(rawValue: typed) { return exact }
        let candidates = typed.isEmpty ? [] : OptionName.allCases.filter { $0.rawValue.hasPrefix(typed) }
        if candidates.count > 1 {
            let names = candidates.map { " '--\($0.rawValue)'" }.joined()
            throw StartFailure("option '\(word)' is ambiguous; possibilities:\(names)")
        }
        guard let only = candidates.first else { throw StartFailure("unrecognized option '\(word)'") }
        return only
    }

    /// A cluster of short options; the rest of the word, or else the next word, is the argument of one that takes any.
    private static func short(_ word: String, next: String?, consumed: inout Int) -> [Result<CommandLineItem, StartFailure>] {
        var items: [Result<CommandLineItem, StartFailure>] = []
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = shortOptions[letter] else {
                items.append(.failure(StartFailure("invalid option -- '\(letter)'")))
                continue
            }
            guard name.takesArgument else {
                items.append(.success(CommandLineItem(kind: .option(name, argument: ""), location: word)))
                continue
            }
            if !letters.isEmpty {
                items.append(.success(CommandLineItem(kind: .option(name, argument: String(letters)), location: word)))
            } else if let next {
                consumed += 1
                items.append(.success(CommandLineItem(kind: .option(name, argument: next), location: "\(word) \(next)")))
            } else {
                items.append(.failure(StartFailure("option requires an argument -- '\(letter)'")))
            }
            break
        }
        return items
    }
}
