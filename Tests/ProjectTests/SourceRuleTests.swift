import Testing

/// Rules that the formatter cannot check.
@Suite struct `Sources` {
    private static let production = SourceTree.files(in: "Sources", ending: ".swift")
    private static let tests = SourceTree.files(in: "Tests", ending: ".swift")

    /// The code of a line, without its comment.
    private func code(_ line: Substring) -> Substring {
        line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
    }

    @Test func `no type is named for managing, helping or utility`() {
        let vague = ["Manager", "Helper", "Utils", "Utilities"]
        for file in Self.production {
            for line in SourceTree.lines(of: file) {
                let words = code(line).split { !$0.isLetter && !$0.isNumber }
                for (kind, name) in zip(words, words.dropFirst()) where ["class", "struct", "enum", "actor", "protocol"].contains(kind) {
                    #expect(!vague.contains { name.hasSuffix($0) }, "\(file): \(name)")
                }
            }
        }
    }

    @Test func `nothing is left to be written`() {
        for file in Self.production where !file.hasPrefix("Sources/QAPI/Generated") {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                for mark in ["TO" + "DO", "FIX" + "ME", "fatalError()"] {
                    #expect(!line.contains(mark), "\(file):\(index + 1): \(mark)")
                }
            }
        }
    }

    @Test func `tests are written with Swift Testing`() {
        for file in Self.tests {
            #expect(!SourceTree.lines(of: file).contains { `Imports`.module(importedBy: $0) == "XCTest" }, "\(file)")
        }
    }

    @Test func `no test waits by sleeping a fixed time`() {
        for file in Self.tests where !file.hasPrefix("Tests/TestSupport") && !file.hasPrefix("Tests/ProjectTests") {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                #expect(!code(line).contains("Task.sleep(for: .seconds("), "\(file):\(index + 1)")
            }
        }
    }

    /// Where a continuation is made by hand, and why a wake-up cannot be lost there.
    private static let continuations: [String: String] = [
        "Sources/Waiting/Waiters.swift": "the primitive itself",
        "Sources/Waiting/KeyedWaiters.swift": "the primitive for many keys, which looks again inside",
        "Sources/Waiting/Pause.swift": "looks inside for the end that came first",
        "Sources/Waiting/AsyncMutex.swift": "the primitive for turns, which looks again inside",
        "Sources/IOLoop/LoopCore+Requests.swift": "completions of the kernel's, one for each request, which come after it was made",
        "Sources/IOLoop/LoopCore+Stop.swift": "looks under the core's lock, inside",
        "Sources/BlockGraph/Graph/Deadlines.swift": "looks under its own lock, inside",
        "Sources/BlockGraph/Drivers/Throttle/ThrottleMember.swift": "the group looks again under its lock when it takes the waiter in",
        "Sources/BlockGraph/Nodes/RangeLock.swift": "looks again inside; a slot's waiter is part of the slot",
        "Sources/BlockJobs/Copying/CopyRanges.swift": "looks again inside; the order of arrival is part of each waiter",
        "Sources/Jobs/JobRegistry+Parking.swift": "looks again inside for what ends the wait",
        "Sources/blockjobd/Run/DaemonRun.swift": "made in the turn in which the wait begins, on the one queue that ends it",
    ]

    @Test func `who waits for a condition looks at it again in the turn in which it begins to wait`() {
        for file in Self.production where Self.continuations[file] == nil {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                for call in ["withUnsafeContinuation", "withCheckedContinuation", "withUnsafeThrowingContinuation"] {
                    #expect(!code(line).contains(call), "\(file):\(index + 1): use Waiters")
                }
            }
        }
    }

    @Test func `nothing runs on Dispatch's pools, whose threads are counted by reading /proc`() {
        for file in Self.production {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                for call in ["Task.sleep", "DispatchQueue.global", "concurrentPerform", ".concurrent"] {
                    #expect(!code(line).contains(call), "\(file):\(index + 1): \(call)")
                }
            }
        }
    }

    /// What stands beside a machine, and so must not say again, or otherwise, what the machine says.
    @Test(arguments: ["Sources/Jobs/Job.swift", "Sources/Jobs/JobGroup.swift"])
    func `where a job or a group is stands in its machine alone`(file: String) {
        for (index, line) in SourceTree.lines(of: file).enumerated() {
            let words = code(line).split { !$0.isLetter && !$0.isNumber }
            guard words.contains("var") || words.contains("let") else { continue }
            for word in ["Bool", "true", "false", "JobStatus", "JobFailure"] {
                #expect(!words.contains { $0 == word }, "\(file):\(index + 1): \(word) belongs into the machine")
            }
        }
    }

    @Test(arguments: ["Sources/QMP/Session.swift", "Sources/UnixSocket/Connection.swift"])
    func `no stored boolean stands beside the machine of a session or a connection`(file: String) {
        for (index, line) in SourceTree.lines(of: file).enumerated() {
            let code = code(line)
            let words = code.split { !$0.isLetter && !$0.isNumber }
            guard words.contains("var"), !code.contains("{"), !code.contains("->") else { continue }
            for word in ["Bool", "true", "false"] { #expect(!words.contains { $0 == word }, "\(file):\(index + 1)") }
        }
    }

    @Test func `errors of the system have names, not numbers`() {
        for file in Self.production {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                for call in ["system(", "errno: ", "errnoDescription("] {
                    let digits = code(line).components(after: call).filter { "123456789".contains($0.first ?? " ") }
                    #expect(digits.isEmpty, "\(file):\(index + 1)")
                }
            }
        }
    }

    /// Where drivers may be named: their folders, with the catalogue, and their forms on the wire.
    private static let drivers = ["Sources/BlockGraph/Drivers/", "Sources/Monitor/Wire/", "Sources/QAPI/", "Sources/blockjobd/Options/"]

    @Test func `a driver is named in its own folder, its form on the wire, the schema and the catalogue`() {
        // `file` is a child's name, too, and is found by what makes one.
        let names = [
            "\"qcow2\"", "\"raw\"", "\"null-co\"", "\"null-aio\"", "\"throttle\"", "\"quorum\"", "\"blkdebug\"", "\"blkverify\"",
            "\"compress\"",
            "\"copy-on-read\"", "\"copy-before-write\"", "\"preallocate\"", "\"snapshot-access\"", "FileSpec(filename", "RawSpec(",
            "Qcow2Spec(",
            "NullSpec(",
        ]
        for file in Self.production where !Self.drivers.contains(where: { file.hasPrefix($0) }) {
            for (index, line) in SourceTree.lines(of: file).enumerated() {
                for name in names { #expect(!code(line).contains(name), "\(file):\(index + 1): \(name)") }
            }
        }
    }

    @Test func `the make targets that the documents name exist`() throws {
        let targets = Set(
            SourceTree.lines(of: "Makefile").compactMap { line -> Substring? in
                guard let colon = line.firstIndex(of: ":"), line.first?.isLetter == true else { return nil }
                return line[..<colon]
            })
        #expect(
            targets.isSuperset(of: ["help", "run", "test", "check", "build", "bench", "generate", "fmt", "coverage", "install", "clean"]))
        for file in ["README.md"] + SourceTree.files(in: "Docs", ending: ".md") {
            for part in SourceTree.text(of: file).components(after: "`make ") {
                let name = part.prefix { $0.isLetter || $0 == "-" }
                #expect(targets.contains(name), "\(file): make \(name)")
            }
        }
    }
}

extension StringProtocol {
    /// What follows each occurrence of a text, up to the end of its line.
    fileprivate func components(after text: String) -> [String] {
        split(separator: "\n").flatMap { line in
            line.indices.filter { line[$0...].hasPrefix(text) }.map { String(line[$0...].dropFirst(text.count)) }
        }
    }
}
