import Testing

/// The arrows between modules, read from the import lines: what is not in the table is forbidden.
@Suite struct `Imports` {
    /// What every module may use: no Foundation, whose cost the daemon does not carry.
    private static let everywhere: Set<String> = ["Glibc", "Synchronization"]

    /// The table of the design, with the system's modules that a module has a reason for.
    private static let allowed: [String: Set<String>] = [
        "JSON": ["CJansson"],
        // Dispatch: a large message is parsed on a queue of its session's own.
        "QMP": ["JSON", "Dispatch"],
        "QAPI": ["JSON", "QMP"],
        "UnixSocket": ["CEpoll", "Dispatch"],
        "Jobs": ["Ordering", "Waiting"],
        "Ordering": [],
        // Dispatch: pauses are its timers.
        "Waiting": ["Dispatch"],
        // Storage: the members of `BlockError`, which the graph throws, and of its options are visible only where it is imported.
        "Monitor": ["JSON", "QAPI", "QMP", "BlockJobs", "Jobs", "BlockGraph", "Storage"],
        "IOLoop": ["Waiting", "CLinux"],
        "Storage": ["IOLoop", "Waiting"],
        "ImageFormats": ["Storage", "Waiting", "CZlib", "CZstd"],
        "BlockGraph": ["ImageFormats", "Storage", "IOLoop", "Ordering", "Waiting"],
        "BlockJobs": ["Jobs", "BlockGraph", "Storage", "IOLoop", "Waiting"],
        "qapi-generate": ["JSON"],
        "blockjobd": [
            "UnixSocket", "JSON", "QMP", "QAPI", "Monitor", "BlockJobs", "Jobs", "BlockGraph", "ImageFormats", "Storage", "IOLoop",
            "Waiting", "CProcess", "Dispatch", "Logging",
        ],
    ]

    /// Modules of C only, which import nothing.
    private static let cModules: Set<String> = ["CEpoll", "CJansson", "CLinux", "CProcess", "CZlib", "CZstd"]

    /// The module that a line imports, or nil when it is no import.
    static func module(importedBy line: some StringProtocol) -> String? {
        var words = String(line).split(whereSeparator: { $0 == " " || $0 == "\t" })
        let levels: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
        while let first = words.first, first.hasPrefix("@") || levels.contains(first) {
            words.removeFirst()
        }
        guard words.first == "import", words.count >= 2 else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        let name = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
        return name.split(separator: ".").first.map(String.init)
    }

    @Test func `every module is in the table`() {
        #expect(Set(SourceTree.folders(in: "Sources")) == Set(Self.allowed.keys).union(Self.cModules))
    }

    @Test(arguments: allowed.keys.sorted())
    func `a module imports what the design allows it`(target: String) {
        let files = SourceTree.files(in: "Sources/\(target)", ending: ".swift")
        #expect(!files.isEmpty)
        let permitted = Self.everywhere.union(Self.allowed[target] ?? [])
        for file in files {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                guard let module = Self.module(importedBy: line) else { continue }
                #expect(permitted.contains(module), "\(file):\(index + 1) imports \(module)")
            }
        }
    }

    @Test func `C modules have one importer each`() {
        let importers = Self.cModules.map { module in Self.allowed.filter { $0.value.contains(module) }.count }
        #expect(importers.allSatisfy { $0 == 1 })
    }

    @Test func `import lines of every form are recognised`() {
        #expect(Self.module(importedBy: "import Storage") == "Storage")
        #expect(Self.module(importedBy: "public import struct Storage.BlockError") == "Storage")
        #expect(Self.module(importedBy: "@testable import blockjobd") == "blockjobd")
        #expect(Self.module(importedBy: "@preconcurrency internal import Foundation") == "Foundation")
        #expect(Self.module(importedBy: "// import Foundation") == nil)
        #expect(Self.module(importedBy: "let important = 1") == nil)
    }
}
