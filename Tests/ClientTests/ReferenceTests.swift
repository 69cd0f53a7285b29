import TestSupport
import Testing

/// The tests' own client and daemon starter, proven on the installed reference.
@Suite struct ReferenceTests {
    @Test func `the reference greets, negotiates, answers and ends at SIGTERM`() throws {
        let daemon = try DaemonProcess(.reference)
        let client = try daemon.connect()
        let greeting = try client.negotiate()
        #expect(greeting.endsInCRLF)
        #expect(greeting.value.at("QMP.version.qemu.major")?.integer == 7, "the reference of the tests is QEMU 7.2")
        #expect(greeting.value.wireText == greeting.text)
        #expect(try client.execute("query-jobs") == .array([]))
        let refusal = try client.request("nope")
        #expect(refusal.errorDescription == "The command nope has not been found")
        #expect(try daemon.process.terminate() == .code(0))
        #expect(try client.receive()?.text == nil)
    }

    @Test func `a daemon that refuses its options is reported with its standard error`() throws {
        let failure = #expect(throws: WireFailure.self) {
            _ = try DaemonProcess(.reference, options: ["--blockdev", "driver=nosuch,node-name=n"])
        }
        #expect(failure?.description.contains("does not accept value 'nosuch'") == true)
    }
}
