import Testing

/// Code in the documents is code of the project, so that the compiler has read it.
@Suite struct `Code in the documents` {
    static let pages = ["README.md"] + SourceTree.files(in: "Docs", ending: ".md")

    private static let code: Set<String> = {
        let files = SourceTree.files(in: "Sources", ending: ".swift") + SourceTree.files(in: "Tests", ending: ".swift")
        return Set(files.flatMap { SourceTree.lines(of: $0) }.map { trimmed($0) })
    }()

    private static func trimmed(_ line: some StringProtocol) -> String { String(line.drop { $0 == " " }) }

    @Test(arguments: pages) func `stands in a file that is compiled, line by line`(page: String) {
        var isCode = false
        for (index, line) in SourceTree.lines(of: page).enumerated() {
            let line = Self.trimmed(line)
            if line.hasPrefix("```") {
                isCode = line == "```swift"
            } else if isCode, !line.isEmpty {
                #expect(Self.code.contains(line), "\(page):\(index + 1): \(line)")
            }
        }
    }
}
