import Glibc

/// A program that a test runs, with its output in files, ended by its process id at the latest when the test lets go of it.
public final class ChildProcess {
    /// How a process ended.
    public enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// The process id.
    public let id: Int32
    /// Kept: the process works in it and its output is there.
    private let directory: TemporaryDirectory
    private let outputPath: String
    private let errorPath: String
    private var exit: Exit?

    /// A helper that ends too early is an error of the test that writes to it (EPIPE), not the end of all tests.
    private static let ignoresBrokenPipes: Void = { _ = Glibc.signal(SIGPIPE, SIG_IGN) }()

    /// Starts `path` in `directory`. Its standard input is `input` (a descriptor, or /dev/null), its outputs go to
    /// `<name>.out` and `<name>.err` in the directory. It starts with no signal blocked or ignored.
    /// - Parameter descriptors: further descriptors that it gets, by the number that each has there.
    public init(
        _ path: String, _ arguments: [String], in directory: TemporaryDirectory, name: String = "child", input: Int32? = nil,
        descriptors: [Int32: Int32] = [:], environment: [String: String] = [:]
    ) throws(WireFailure) {
        ChildProcess.ignoresBrokenPipes
        let environment = Backtracer.environment.merging(environment) { $1 }
        self.directory = directory
        outputPath = directory.file("\(name).out")
        errorPath = directory.file("\(name).err")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        for (number, descriptor) in descriptors { posix_spawn_file_actions_adddup2(&actions, descriptor, number) }
        // The threads of a test runner block signals; the child must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var inherited: [String] = []
        var entry = environ
        while let variable = entry.pointee {
            let text = String(cString: variable)
            if !environment.keys.contains(where: { text.hasPrefix("\($0)=") }) { inherited.append(text) }
            entry += 1
        }
        // env changes the directory and becomes the program; posix_spawn cannot where glibc hides its extension.
        let argv = (["env", "--chdir=\(directory.path)", path] + arguments).map { strdup($0) } + [nil]
        let envp = (inherited + environment.map { "\($0.key)=\($0.value)" }).map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/usr/bin/env", &actions, &attributes, argv, envp)
        guard code == 0 else { throw WireFailure("cannot start \(path): errno \(code)") }
        id = child
    }

    deinit {
        // Whatever the test makes of it, nobody should have to look for the stack.
        if case .signal(let number)? = exitIfEnded, [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE].contains(number) {
            print("a process of a test has crashed with signal \(number); its standard error:\n\(errors)")
        }
        kill()
    }

    /// What the process has written to its standard output so far.
    public var output: String { text(outputPath) }

    /// What the process has written to its standard error so far.
    public var errors: String { text(errorPath) }

    private func text(_ path: String) -> String {
        (try? TemporaryDirectory.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// How the process has ended, or nil while it runs.
    public var exitIfEnded: Exit? {
        if let exit { return exit }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        exit = status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
        return exit
    }

    /// Waits for the end of the process.
    public func waitForExit(deadline: Deadline = .usual) throws(WireFailure) -> Exit {
        while true {
            if let exit = exitIfEnded { return exit }
            guard !deadline.hasPassed else { throw WireFailure("the process has not ended; its standard error: \(errors)") }
            usleep(1000)
        }
    }

    /// Sends a signal, unless the process has ended.
    public func signal(_ number: Int32) {
        if exitIfEnded == nil { Glibc.kill(id, number) }
    }

    /// Asks the process to end (SIGTERM) and waits; one that does not obey in time is killed and is a failure.
    @discardableResult
    public func terminate(deadline: Deadline = .usual) throws(WireFailure) -> Exit {
        signal(SIGTERM)
        return try waitForExit(deadline: deadline)
    }

    /// Ends the process at once.
    public func kill() {
        guard exitIfEnded == nil else { return }
        Glibc.kill(id, SIGKILL)
        _ = try? waitForExit()
    }

    /// Whether no thread of the process is running or waiting for a disk.
    public var allThreadsSleep: Bool {
        guard let stream = opendir("/proc/\(id)/task") else { return true }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            guard !name.hasPrefix("."), let stat = try? TemporaryDirectory.read("/proc/\(id)/task/\(name)/stat") else { continue }
            // The state is the first field after the name, which is in parentheses and may hold anything.
            let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
            if state != "S" { return false }
        }
        return true
    }

    /// A figure of /proc/<pid>/status in KiB, such as `VmRSS` or `VmHWM`.
    public func memory(_ field: String) throws(WireFailure) -> Int {
        let status = String(decoding: try TemporaryDirectory.read("/proc/\(id)/status"), as: UTF8.self)
        for line in status.split(separator: "\n") where line.hasPrefix("\(field):") {
            if let figure = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first, let value = Int(figure) {
                return value
            }
        }
        throw WireFailure("/proc/\(id)/status has no \(field)")
    }
}
