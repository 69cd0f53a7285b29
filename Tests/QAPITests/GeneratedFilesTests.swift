import TestSupport
import Testing

@testable import qapi_generate

/// What is checked in is what the generator makes.
@Suite struct GeneratedFilesTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    @Test func `the generated files and the reference page are up to date`() throws {
        let options = try #require(
            Generate.Options([
                "--schema", "\(Self.root)/Sources/QAPI/Schema/schema.json", "--swift", "\(Self.root)/Sources/QAPI/Generated",
                "--reference", "\(Self.root)/Docs/QMP-Reference.md", "--check",
            ]))
        #expect(try Generate.run(options) == [])
    }

    @Test func `the fixture's files are up to date`() throws {
        let options = try #require(
            Generate.Options([
                "--schema", "\(Self.root)/Tests/QAPITests/Fixture/fixture.json", "--swift",
                "\(Self.root)/Tests/QAPITests/Fixture/Generated", "--import", "QAPI", "--check",
            ]))
        #expect(try Generate.run(options) == [])
    }

    @Test func `a changed, a missing and a superfluous file are reported and put right`() throws {
        let directory = try TemporaryDirectory()
        let arguments = [
            "--schema", "\(Self.root)/Tests/QAPITests/Fixture/fixture.json", "--swift", directory.path, "--reference",
            "\(directory.path)/page.md",
        ]
        let generate = try #require(Generate.Options(arguments))
        let check = try #require(Generate.Options(arguments + ["--check"]))
        #expect(try Generate.run(generate) == [])
        #expect(try Generate.run(check) == [])

        #expect(HostFiles.write("struct Old {}", to: "\(directory.path)/Fixture.swift"))
        #expect(HostFiles.write("struct Older {}", to: "\(directory.path)/Gone.swift"))
        HostFiles.remove("\(directory.path)/page.md")
        let stale = try Generate.run(check)
        #expect(
            stale
                == ["Fixture.swift", "page.md", "Gone.swift"].map { "\(directory.path)/\($0) is stale: run `make generate`" })
        #expect(HostFiles.read("\(directory.path)/Fixture.swift") == "struct Old {}")

        #expect(try Generate.run(generate) == [])
        #expect(try Generate.run(check) == [])
        #expect(HostFiles.read("\(directory.path)/Gone.swift") == nil)
    }

    @Test(arguments: [[], ["--schema"], ["--schema", "a"], ["--swift", "b", "--nonsense"]])
    func `options that make no sense are refused`(arguments: [String]) {
        #expect(Generate.Options(arguments) == nil)
    }

    @Test func `names become Swift's`() {
        #expect(SwiftNames.property("x-pending-request") == "xPendingRequest")
        #expect(SwiftNames.property("job-id") == "jobID")
        #expect(SwiftNames.property("backing_file_depth") == "backingFileDepth")
        #expect(SwiftNames.enumCase("default") == "`default`")
        #expect(SwiftNames.enumCase("5-inch") == "_5Inch")
        #expect(SwiftNames.command("query-qmp-schema") == "QueryQMPSchema")
        #expect(SwiftNames.event("BLOCK_JOB_READY") == "BlockJobReadyEvent")
    }
}
