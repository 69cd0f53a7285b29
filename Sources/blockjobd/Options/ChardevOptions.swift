/// A `--chardev`: where a monitor's bytes come from.
struct ChardevOptions: Equatable {
    /// What it is made of.
    enum Backend: Equatable {
        /// Listens on a Unix socket; start-up waits for the first client when `wait` is set.
        case listen(Address, wait: Bool)
        /// Connects to a Unix socket that somebody else listens on.
        case connect(Address)
        /// Standard input and output.
        case standardStreams
    }

    /// Which socket.
    enum Address: Equatable {
        case path(String)
        /// A descriptor that the starting process has left open.
        case descriptor(Int32)
        /// Nothing was said: the service manager has to pass a descriptor.
        case passed
    }

    let id: String
    let backend: Backend

    /// The open descriptors that it is given.
    var descriptors: [Int32] {
        switch backend {
        case .listen(.descriptor(let number), _), .connect(.descriptor(let number)): [number]
        case .standardStreams: [0, 1]
        case .listen, .connect: []
        }
    }

    /// The longest path that fits a Unix socket's address, with its terminating zero.
    static let pathLimit = 108

    private static let knownKeys: Set<String> = [
        "id", "backend", "path", "fd", "server", "wait", "host", "port", "to", "ipv4", "ipv6", "localaddr", "localport", "delay", "nodelay",
        "reconnect", "telnet", "tn3270", "tls-creds", "tls-authz", "websocket", "abstract", "tight", "mux", "signal", "logfile",
        "logappend",
        "width", "height", "cols", "rows", "size", "chardev", "name", "debug", "append", "input-path", "clipboard", "mouse",
    ]
    private static let unsupportedBackends: Set<String> = [
        "null", "udp", "msmouse", "vc", "ringbuf", "file", "pipe", "pty", "serial", "parallel", "parport", "tty", "mux", "testdev",
        "wctablet",
        "spicevmc", "spiceport", "qemu-vdagent", "dbus", "braille", "hub",
    ]

    /// Reads the option's value.
    init(_ options: OptionString) throws(StartFailure) {
        if let given = options["id"], !Identifier.isValid(given) {
            throw StartFailure(
                "Parameter 'id' expects an identifier",
                hint: "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.")
        }
        if let unknown = options.pairs.first(where: { !ChardevOptions.knownKeys.contains($0.key) }) {
            throw StartFailure("Invalid parameter '\(unknown.key)'")
        }
        guard let id = options["id"] else { throw StartFailure("chardev: no id specified") }
        self.id = id
        switch options["backend"] {
        case nil: throw StartFailure("chardev: \"\(id)\" missing backend")
        case "stdio":
            guard options["logfile"] == nil else { throw StartFailure("'logfile' is not supported by blockjobd") }
            backend = .standardStreams
        case "socket": backend = try ChardevOptions.socket(options, id: id)
        case .some(let name) where ChardevOptions.unsupportedBackends.contains(name):
            throw StartFailure("chardev '\(name)' is not supported by blockjobd, which has 'socket' and 'stdio'")
        case .some(let name): throw StartFailure("'\(name)' is not a valid char driver name")
        }
    }

    private static func socket(_ options: OptionString, id: String) throws(StartFailure) -> Backend {
        let addresses = ["path", "fd", "host"].filter { options[$0] != nil }
        guard addresses.count <= 1 else { throw StartFailure("None or one of 'path', 'fd' or 'host' option required.") }
        for key in ["host", "port", "to", "tls-creds", "tls-authz", "logfile", "localaddr"] where options[key] != nil {
            throw StartFailure("'\(key)' is not supported by blockjobd, whose monitors use Unix sockets")
        }
        for key in ["telnet", "tn3270", "websocket", "abstract", "mux"] where try options.flag(key) == true {
            throw StartFailure("'\(key)' is not supported by blockjobd")
        }
        if let reconnect = options["reconnect"], reconnect != "0" { throw StartFailure("'reconnect' is not supported by blockjobd") }
        let server = try options.flag("server") ?? false
        let wait = try options.flag("wait")
        guard server || wait == nil else { throw StartFailure("'wait' option is incompatible with socket in client connect mode") }
        let address = try address(options, id: id, server: server)
        return server ? .listen(address, wait: wait ?? true) : .connect(address)
    }

    private static func address(_ options: OptionString, id: String, server: Bool) throws(StartFailure) -> Address {
        if let path = options["path"] {
            guard !path.isEmpty else { throw StartFailure("chardev: socket: the path is empty") }
            guard path.utf8.count < pathLimit else {
                throw StartFailure("UNIX socket path '\(path)' is too long", hint: "Path must be less than \(pathLimit) bytes")
            }
            return .path(path)
        }
        if let text = options["fd"] {
            guard let number = Int32(text), number >= 0 else { throw StartFailure("Unable to parse FD number \(text)") }
            return .descriptor(number)
        }
        // QEMU takes what is missing for a descriptor without digits.
        guard server else { throw StartFailure("Unable to parse FD number ") }
        return .passed
    }
}
