import Glibc

/// A group of this host by number, or by its name in /etc/group: no name service is asked, which might not answer.
enum HostGroup {
    /// The group's number.
    static func number(_ text: String) throws(StartFailure) -> gid_t {
        if let number = UInt32(text), number != .max { return number }
        guard let file = fopen("/etc/group", "re") else { throw StartFailure("cannot read /etc/group", errno: errno) }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        while getline(&line, &size, file) > 0, let line {
            let fields = String(cString: line).split(separator: ":", omittingEmptySubsequences: false)
            if fields.count >= 3, fields[0] == text, let number = UInt32(fields[2]) { return number }
        }
        throw StartFailure("Group '\(text)' is not in /etc/group")
    }
}
