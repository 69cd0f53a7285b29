import Glibc

/// `qapi-generate --schema FILE --swift DIRECTORY [--reference FILE] [--import MODULE] [--check]`
///
/// Makes the Swift files and the reference page of a schema. `--import` names the module with the runtime for files that are
/// no part of it. With `--check` writes nothing and fails when they are stale.
@main
struct Generate {
    private static let usage = "usage: qapi-generate --schema FILE --swift DIRECTORY [--reference FILE] [--import MODULE] [--check]"

    /// Where things are.
    struct Options: Equatable {
        var schema = ""
        var swift = ""
        var reference: String?
        var module: String?
        var isCheck = false

        init?(_ arguments: [String]) {
            var rest = arguments[...]
            while let option = rest.popFirst() {
                switch option {
                case "--check": isCheck = true
                case "--schema", "--swift", "--reference", "--import":
                    guard let value = rest.popFirst() else { return nil }
                    switch option {
                    case "--schema": schema = value
                    case "--swift": swift = value
                    case "--import": module = value
                    default: reference = value
                    }
                default: return nil
                }
            }
            if schema.isEmpty || swift.isEmpty { return nil }
        }
    }

    static func main() {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            HostFiles.printError(usage)
            exit(2)
        }
        do {
            let problems = try run(options)
            for problem in problems { HostFiles.printError(problem) }
            exit(problems.isEmpty ? 0 : 1)
        } catch {
            HostFiles.printError(error.description)
            exit(1)
        }
    }

    /// Generates or checks; returns what is wrong with the files.
    static func run(_ options: Options) throws(SchemaError) -> [String] {
        let schema = try SchemaChecker.check(SchemaParser.parse(path: options.schema, load: HostFiles.read))
        let files = try GeneratedFiles(schema, importing: options.module)
        var wanted = files.swift.map { (path: "\(options.swift)/\($0.name)", text: $0.text) }
        if let reference = options.reference { wanted.append((reference, files.referencePage)) }
        let known = files.swift.map(\.name)
        let leftOver = HostFiles.names(in: options.swift, suffix: ".swift").filter { !known.contains($0) }.map { "\(options.swift)/\($0)" }

        if options.isCheck {
            let stale = wanted.filter { HostFiles.read($0.path) != $0.text }.map(\.path) + leftOver
            return stale.map { "\($0) is stale: run `make generate`" }
        }
        HostFiles.makeDirectory(options.swift)
        for path in leftOver { HostFiles.remove(path) }
        // An unchanged file keeps its time, so that nothing is built again for it.
        return wanted.filter { HostFiles.read($0.path) != $0.text && !HostFiles.write($0.text, to: $0.path) }
            .map { "cannot write \($0.path)" }
    }
}
