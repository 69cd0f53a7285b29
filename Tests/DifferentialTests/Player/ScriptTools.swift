import TestSupport

/// What scripts do with images beside the daemon.
enum ScriptTools {
    /// Runs a tool to its end; its words may stand in single quotes together.
    /// - Returns: what it printed.
    static func run(_ words: [String], in directory: TemporaryDirectory) throws(WireFailure) -> String {
        guard let tool = words.first else { throw WireFailure("run what?") }
        let process = try ChildProcess(tool, joined(words.dropFirst()), in: directory, name: "tool")
        let exit = try process.waitForExit()
        guard exit == .code(0) else { throw WireFailure("\(words.joined(separator: " ")): \(exit): \(process.output)\(process.errors)") }
        return process.output
    }

    /// Joins the words between single quotes again.
    private static func joined(_ words: ArraySlice<String>) -> [String] {
        var result: [String] = []
        var open: String?
        for word in words {
            let text = open.map { $0 + " " + word } ?? word
            if text.hasPrefix("'") && !(text.count > 1 && text.hasSuffix("'")) {
                open = text
            } else {
                open = nil
                result.append(text.hasPrefix("'") ? String(text.dropFirst().dropLast()) : text)
            }
        }
        return result
    }

    /// Writes a backing file's name into a header of version 3, whose other extensions it drops. qemu-img refuses what scripts need: names of
    /// nothing, and names without a format.
    static func setBacking(
        of image: String, to name: String, _ format: String?, in directory: TemporaryDirectory
    ) throws(WireFailure) {
        let header = try directory.contents(of: image).prefix(104)
        let length = header[100..<104].reduce(0) { $0 << 8 | Int($1) }
        var extensions: [UInt8] = []
        if let format {
            extensions += number(0xe279_2aca, 4) + number(UInt64(format.utf8.count), 4) + Array(format.utf8)
            extensions += [UInt8](repeating: 0, count: -format.utf8.count & 7)
        }
        extensions += [UInt8](repeating: 0, count: 8)
        let place = length + extensions.count
        try directory.write(image, at: length, extensions + Array(name.utf8) + [UInt8](repeating: 0, count: 512))
        try directory.write(image, at: 8, number(UInt64(place), 8) + number(UInt64(name.utf8.count), 4))
    }

    private static func number(_ value: UInt64, _ bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
}
