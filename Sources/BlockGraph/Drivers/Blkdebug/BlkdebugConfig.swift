internal import Glibc
internal import IOLoop
import Storage

/// A file of rules: sections `[inject-error]` and `[set-state]` with lines `name = "value"`, and comments from `#` on.
enum BlkdebugConfig {
    /// The most bytes that are read.
    private static let longest = 1 << 20

    /// Reads and parses the file on the loop's thread pool.
    /// - Parameter roots: the directories that it must be in; nil is anywhere.
    static func read(_ path: String, within roots: ImageRoots?, on thread: isolated IOThread) async throws(BlockError) -> [BlkdebugRule] {
        let storage: BlockStorage
        do throws(BlockError) {
            var options = HostFileOptions(access: .readOnly, locking: .off)
            options.roots = roots
            storage = try await HostFileStorage.open(path, options: options, on: thread)
        } catch {
            // A file outside of the roots is refused by name.
            guard case .system(let errno) = error.kind, errno != EXDEV else { throw error }
            throw .system(errno, "Could not read blkdebug config file")
        }
        let count = Int(min(Int64(longest), storage.length))
        let buffer = BufferPool.shared.buffer(max(1, count))
        do throws(BlockError) {
            try await storage.read(at: 0, into: buffer.prefix(count))
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
        return try parse(String(decoding: buffer.prefix(count), as: UTF8.self))
    }

    /// The rules of a text, injections first.
    static func parse(_ text: String) throws(BlockError) -> [BlkdebugRule] {
        var sections: [(name: String, values: [String: String])] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trim(line)
            guard let first = line.first, first != "#" else { continue }
            if first == "[" {
                guard line.last == "]" else { throw malformed(index + 1) }
                // A section may have an id, as in [inject-error "a"]; rules need none.
                let name = line.dropFirst().dropLast().split(separator: " ").first.map(String.init) ?? ""
                guard ["inject-error", "set-state"].contains(name) else {
                    throw BlockError(.invalidOption, "Could not parse blkdebug config file: there is no option group \"\(name)\"")
                }
                sections.append((name, [:]))
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1).map { trim($0) }
            guard parts.count == 2, parts[1].count >= 2, parts[1].first == "\"", parts[1].last == "\"", !sections.isEmpty else {
                throw malformed(index + 1)
            }
            sections[sections.count - 1].values[String(parts[0])] = String(parts[1].dropFirst().dropLast())
        }
        var rules: [BlkdebugRule] = []
        for section in sections where section.name == "inject-error" { rules.append(try injection(section.values)) }
        for section in sections where section.name == "set-state" { rules.append(try stateChange(section.values)) }
        return rules
    }

    private static func injection(_ values: [String: String]) throws(BlockError) -> BlkdebugRule {
        let request: BlkdebugRule.Injection.Request?
        switch values["iotype"] {
        case nil: request = nil
        case let name?:
            guard let known = BlkdebugRule.Injection.Request(rawValue: name) else {
                throw BlockError(.invalidOption, "Invalid parameter '\(name)'")
            }
            request = known
        }
        let sector = try integer(values, "sector")
        return .inject(
            event: try event(values), state: try integer(values, "state") ?? 0,
            BlkdebugRule.Injection(
                errno: Int32(clamping: try integer(values, "errno") ?? 5),
                offset: sector.flatMap { $0 < 0 ? nil : Int64(clamping: $0.multipliedReportingOverflow(by: 512).partialValue) },
                request: request, once: try flag(values, "once"), immediately: try flag(values, "immediately")))
    }

    private static func stateChange(_ values: [String: String]) throws(BlockError) -> BlkdebugRule {
        .setState(
            event: try event(values), state: try integer(values, "state") ?? 0, newState: try integer(values, "new_state") ?? 0)
    }

    private static func event(_ values: [String: String]) throws(BlockError) -> DebugEvent {
        guard let name = values["event"] else { throw BlockError(.invalidOption, "Missing event name for rule") }
        guard let event = DebugEvent(rawValue: name) else { throw BlockError(.invalidOption, "Invalid event name \"\(name)\"") }
        return event
    }

    private static func integer(_ values: [String: String], _ name: String) throws(BlockError) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let value = Int64(text) else { throw BlockError(.invalidOption, "Parameter '\(name)' expects a number") }
        return value
    }

    private static func flag(_ values: [String: String], _ name: String) throws(BlockError) -> Bool {
        switch values[name] {
        case nil, "off": return false
        case "on": return true
        default: throw BlockError(.invalidOption, "Parameter '\(name)' expects 'on' or 'off'")
        }
    }

    private static func malformed(_ line: Int) -> BlockError {
        BlockError(.invalidOption, "Could not parse blkdebug config file: line \(line) is malformed")
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
    private static func trim(_ text: String) -> Substring { trim(text[...]) }
}
