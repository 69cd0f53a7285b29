import Logging

/// What the command line asks for.
struct DaemonOptions {
    /// One option with an effect of its own; they take effect in the order given.
    struct Step {
        /// What to do.
        enum Action: Equatable {
            case chardev(ChardevOptions)
            case monitor(MonitorOptions)
            /// A node, in dotted or JSON form.
            case blockdev(String)
            /// An object, in dotted or JSON form.
            case object(String)
        }
        let action: Action
        /// The option as typed, which an error names.
        let location: String
    }

    /// How requests reach the disks.
    enum IOEngine: String, CaseIterable {
        /// io_uring where the kernel has it.
        case automatic = "auto"
        case threads
    }

    var daemonize = false
    var pidfile: String?
    /// Whose group may connect to the sockets that are made, by name or number; nil for nobody but the daemon's user.
    var socketGroup: String?
    var ioEngine = IOEngine.automatic
    var logLevel = Logger.Level.notice
    /// Bytes that may wait for one client before it is disconnected; nil for the server's own bound.
    var outputLimit: Int?
    /// Bytes of unfinished messages that all clients together may make the daemon hold; nil for the server's own bound.
    var inputBudget: Int?
    /// The directories that files must be in which image headers name; none is no restriction.
    var imageRoots: [String] = []
    /// How long a cancelled job may wait for a disk that hangs before it is concluded without it, in seconds.
    var cancelDeadline = 10
    /// How long ending may take before the process exits without waiting for its disks, in seconds.
    var shutdownDeadline = 20
    var steps: [Step] = []
    var warnings: [String] = []

    /// What a command line comes to.
    enum Outcome {
        case run(DaemonOptions)
        /// Print and exit with 0.
        case print(String)
    }

    /// Reads the command line without the program's name.
    ///
    /// As in QEMU there are two passes. The first looks at what concerns the process: an unknown option, help and version, in order.
    /// The second reads the rest, in order.
    static func parse(_ words: [String]) throws(StartFailure) -> Outcome {
        var options = DaemonOptions()
        var items: [CommandLineItem] = []
        for result in CommandLineParser.parse(words) {
            let item = try result.get()
            items.append(item)
            switch item.kind {
            case .option(.help, _): return .print(HelpText.usage)
            case .option(.version, _): return .print(HelpText.version)
            default: break
            }
        }
        var chardevs: [String: Bool] = [:]
        for item in items {
            do {
                if let text = try options.apply(item, chardevs: &chardevs) { return .print(text) }
            } catch {
                throw error.at(item.location)
            }
        }
        return .run(options)
    }

    /// - Parameter chardevs: the ids given so far, and whether a monitor has each.
    /// - Returns: what to print instead of running, if the option asks for help.
    private mutating func apply(_ item: CommandLineItem, chardevs: inout [String: Bool]) throws(StartFailure) -> String? {
        guard case .option(let name, let argument) = item.kind else { throw StartFailure("Unexpected argument") }
        switch name {
        case .help, .version: break
        case .daemonize: daemonize = true
        case .pidfile: pidfile = argument
        case .blockdev: steps.append(Step(action: .blockdev(argument), location: item.location))
        case .object: steps.append(Step(action: .object(argument), location: item.location))
        case .chardev:
            let text = OptionString(argument, implied: "backend")
            warnings += text.warnings.map { "\(item.location): warning: \($0)" }
            if let backend = text["backend"], ["help", "?"].contains(backend) { return HelpText.chardevs }
            let chardev = try ChardevOptions(text)
            if chardev.backend == .standardStreams, hasStandardStreams {
                throw StartFailure("cannot use stdio by multiple character devices")
            }
            try checkDescriptors(of: chardev)
            guard chardevs.updateValue(false, forKey: chardev.id) == nil else {
                throw StartFailure("attempt to add duplicate property '\(chardev.id)' to object (type 'container')")
            }
            steps.append(Step(action: .chardev(chardev), location: item.location))
        case .monitor:
            let monitor = try MonitorOptions(argument)
            guard let inUse = chardevs[monitor.chardev] else { throw StartFailure("chardev \"\(monitor.chardev)\" not found") }
            guard !inUse else { throw StartFailure("Device '\(monitor.chardev)' is in use") }
            chardevs[monitor.chardev] = true
            steps.append(Step(action: .monitor(monitor), location: item.location))
        case .export, .nbdServer, .trace:
            throw StartFailure("--\(name.rawValue) is not supported by this version of blockjobd")
        case .imageRoot: imageRoots.append(argument)
        case .ioEngine: ioEngine = try choice(argument, name)
        case .logLevel:
            guard let level = Logger.Level(rawValue: argument) else {
                throw StartFailure("Parameter '\(name.rawValue)' does not accept value '\(argument)'")
            }
            logLevel = level
        case .socketGroup: socketGroup = argument
        case .outputLimit: outputLimit = try size(argument, name)
        case .inputBudget: inputBudget = try size(argument, name)
        case .cancelDeadline: cancelDeadline = try seconds(argument, name)
        case .shutdownDeadline: shutdownDeadline = try seconds(argument, name)
        }
        return nil
    }

    private func seconds(_ text: String, _ name: OptionName) throws(StartFailure) -> Int {
        guard let seconds = Int(text), (1...3600).contains(seconds) else {
            throw StartFailure("Parameter '\(name.rawValue)' expects a number of seconds from 1 to 3600")
        }
        return seconds
    }

    /// Whether a chardev has standard input and output already.
    private var hasStandardStreams: Bool {
        steps.contains { step in
            if case .chardev(let chardev) = step.action { chardev.backend == .standardStreams } else { false }
        }
    }

    /// Two chardevs of one descriptor would take each other's bytes, and close what is somebody else's by then.
    private func checkDescriptors(of chardev: ChardevOptions) throws(StartFailure) {
        for step in steps {
            guard case .chardev(let other) = step.action, other.id != chardev.id else { continue }
            if let number = chardev.descriptors.first(where: { other.descriptors.contains($0) }) {
                throw StartFailure("File descriptor '\(number)' is in use by chardev '\(other.id)'")
            }
        }
    }

    private func choice<Choice: RawRepresentable>(_ text: String, _ name: OptionName) throws(StartFailure) -> Choice
    where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            throw StartFailure("Parameter '\(name.rawValue)' does not accept value '\(text)'")
        }
        return choice
    }

    /// A number of bytes: digits, then k, M or G (powers of 1024) or nothing.
    private func size(_ text: String, _ name: OptionName) throws(StartFailure) -> Int {
        let units: [Character: Int] = ["k": 10, "K": 10, "M": 20, "G": 30]
        let shift = text.last.flatMap { units[$0] }
        let digits = shift == nil ? text[...] : text.dropLast()
        guard let number = Int(digits), number > 0, number <= Int.max >> (shift ?? 0) else {
            throw StartFailure("Parameter '\(name.rawValue)' expects a size, such as 65536, 64k or 16M")
        }
        return number << (shift ?? 0)
    }
}
