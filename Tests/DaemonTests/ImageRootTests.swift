import Glibc
import TestSupport
import Testing

/// The option `--x-image-root`: what names in image headers may reach.
@Suite struct `Image roots` {
    /// A daemon with the roots `in` and `more`, of which `in` has an image that names its backing file as told.
    private static func start(backing: String, options: [String]? = nil) throws -> DaemonProcess {
        let directory = try TemporaryDirectory()
        for name in ["in", "more", "out"] { mkdir(directory.file(name), 0o755) }
        for name in ["in", "more", "out"] { try directory.makeFile("\(name)/base", size: 1 << 20, pattern: 1) }
        try directory.makeFile("out/rules", text: "[top-secret]\n")
        symlink("../out/base", directory.file("in/link"))
        let name = backing.replacing("DIR", with: directory.path)
        let tool = try ChildProcess(
            "qemu-img", ["create", "-q", "-u", "-f", "qcow2", "-b", name, "-F", "raw", "in/image", "1M"], in: directory, name: "create")
        guard try tool.waitForExit() == .code(0) else { throw WireFailure(tool.errors) }
        let roots = ["in", "more"].flatMap { ["--x-image-root", directory.file($0)] }
        return try DaemonProcess(.blockjobd, in: directory, options: options ?? roots)
    }

    private static let image = #"{"driver": "qcow2", "node-name": "n", "file": {"driver": "file", "filename": "in/image"}}"#

    @Test(arguments: ["base", "DIR/more/base", #"json:{"driver":"raw","file":{"driver":"file","filename":"DIR/more/base"}}"#])
    func `what is within the roots opens`(name: String) throws {
        let daemon = try Self.start(backing: name)
        #expect(try daemon.client().request("blockdev-add", Self.image).errorDescription == nil)
    }

    @Test(arguments: [
        "../out/base", "link", "DIR/out/base", "/dev/null", #"json:{"driver":"raw","file":{"driver":"file","filename":"DIR/out/base"}}"#,
        #"json:{"driver":"raw","file":{"driver":"host_device","filename":"/dev/null"}}"#,
        #"json:{"driver":"raw","file":{"driver":"blkdebug","config":"DIR/out/rules","image":{"driver":"file","filename":"DIR/in/base"}}}"#,
    ])
    func `what is outside does not`(name: String) throws {
        let daemon = try Self.start(backing: name)
        let client = try daemon.client()
        let refusal = try client.request("blockdev-add", Self.image).errorDescription ?? "opened"
        #expect(refusal.hasSuffix("it is outside of the image roots"), "\(refusal)")
        #expect(try client.execute("query-named-block-nodes").array?.isEmpty == true)
    }

    @Test(arguments: [
        (#"json:{"driver":"raw","file":"other"}"#, "node 'other'"),
        (#"json:{"driver":"raw","file":{"driver":"throttle","throttle-group":"g","file":{"driver":"null-co"}}}"#, "throttle group 'g'"),
    ])
    func `what clients have made is not for headers`(name: String, what: String) throws {
        let daemon = try Self.start(backing: name)
        let client = try daemon.client()
        _ = try client.execute("object-add", #"{"qom-type": "throttle-group", "id": "g"}"#)
        _ = try client.execute("blockdev-add", #"{"driver": "null-co", "node-name": "other"}"#)
        let refusal = try client.request("blockdev-add", Self.image).errorDescription ?? "opened"
        #expect(refusal.hasSuffix("An image header may not refer to \(what)"), "\(refusal)")
    }

    @Test func `without the option headers name what they like`() throws {
        let daemon = try Self.start(backing: "DIR/out/base", options: [])
        #expect(try daemon.client().request("blockdev-add", Self.image).errorDescription == nil)
    }

    @Test func `a root that is no directory ends the start`() throws {
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            try DaemonProgram.blockjobd.path(), ["--x-image-root", directory.file("none")], in: directory, name: "blockjobd")
        #expect(try process.waitForExit() == .code(1))
        #expect(process.errors.contains("Could not open the image root '\(directory.file("none"))': No such file or directory"))
    }
}
