/// Why the daemon does not start: one sentence for standard error, after which it exits with 1.
struct StartFailure: Error, Equatable {
    /// The option that is to blame, as the user typed it, or nil.
    var location: String?
    /// What is wrong.
    var message: String
    /// A second line that helps, or nil.
    var hint: String?

    init(_ message: String, hint: String? = nil, location: String? = nil) {
        self.message = message
        self.hint = hint
        self.location = location
    }

    /// A failed system call: `what: strerror`.
    init(_ what: String, errno code: Int32) {
        self.init("\(what): \(systemErrorText(code))")
    }

    /// The same failure, blamed on an option.
    func at(_ location: String) -> StartFailure {
        StartFailure(message, hint: hint, location: self.location ?? location)
    }

    /// The lines as they are printed, without the program's name.
    var text: String {
        (location.map { "\($0): " } ?? "") + message + (hint.map { "\n\($0)" } ?? "")
    }
}
