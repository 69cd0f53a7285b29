import JSON
import Testing

@testable import QMP

/// The session's decisions, without bytes and queues.
@Suite struct SessionMachineTests {
    private struct NoCommands: CommandDispatcher {
        func prepare(_ name: String, arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand {
            PreparedCommand { _ in .later }
        }
    }

    private func request(_ text: String, _ machine: SessionMachine) -> Request {
        var text = text
        return text.withUTF8 {
            Request(UnsafeRawBufferPointer($0), mode: machine.mode, style: .compact, dispatcher: NoCommands())
        }
    }

    private func negotiated() -> SessionMachine {
        var machine = SessionMachine()
        let action = machine.received(
            request(#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#, machine))
        if case .reply(_, let ticket)? = action {
            _ = machine.answer(ticket, isLast: true)
            machine.sent(ticket)
        }
        return machine
    }

    /// The ticket of what begins.
    private func begun(_ action: SessionMachine.Action?) throws -> Ticket {
        guard case .run(_, let ticket, _)? = action else { throw NothingBegan() }
        return ticket
    }

    private struct NothingBegan: Error {}

    @Test func `one request runs, eight wait, and reading stops`() throws {
        var machine = negotiated()
        let first = try begun(machine.received(request(#"{"execute":"a"}"#, machine)))
        for _ in 0..<SessionMachine.queueLimit {
            #expect(machine.wantsInput)
            #expect(machine.received(request(#"{"execute":"a"}"#, machine)) == nil)
        }
        #expect(!machine.wantsInput && !machine.mayFeed)
        #expect(machine.next() == nil)
        #expect(machine.answer(first, isLast: true) == .reply(id: nil))
        #expect(machine.next() == nil, "the reply is not on its way yet")
        machine.sent(first)
        _ = try begun(machine.next())
        #expect(machine.wantsInput)
    }

    @Test func `out of band overtakes, and reading goes on behind it`() throws {
        var machine = negotiated()
        _ = try begun(machine.received(request(#"{"execute":"a"}"#, machine)))
        #expect(machine.received(request(#"{"execute":"a"}"#, machine)) == nil)
        let urgent = try begun(machine.received(request(#"{"exec-oob":"b","id":7}"#, machine)))
        #expect(machine.answer(urgent, isLast: true) == .reply(id: Array("7".utf8)))
        machine.sent(urgent)
        #expect(machine.next() == nil, "the in-band one still runs")
    }

    @Test func `an early reply is the only one, and the next request waits for the end`() throws {
        var machine = negotiated()
        let ticket = try begun(machine.received(request(#"{"execute":"a"}"#, machine)))
        #expect(machine.received(request(#"{"execute":"a"}"#, machine)) == nil)
        #expect(machine.answer(ticket, isLast: false) == .reply(id: nil))
        #expect(machine.answer(ticket, isLast: false) == nil)
        machine.sent(ticket)
        #expect(machine.next() == nil)
        #expect(machine.answer(ticket, isLast: true) == .ended)
        #expect(machine.answer(ticket, isLast: true) == nil)
        _ = try begun(machine.next())
    }

    @Test func `a command that ends while its early reply is encoded is over when that is sent`() throws {
        var machine = negotiated()
        let ticket = try begun(machine.received(request(#"{"execute":"a"}"#, machine)))
        #expect(machine.answer(ticket, isLast: false) == .reply(id: nil))
        #expect(machine.answer(ticket, isLast: true) == nil)
        machine.inputDidEnd()
        let fact1 = machine.finishIfDone()
        #expect(!fact1)
        machine.sent(ticket)
        let fact2 = machine.finishIfDone()
        #expect(fact2)
        let fact3 = machine.finishIfDone()
        #expect(!fact3, "once")
    }

    @Test func `nothing is fed while a large message is parsed or the output is congested`() {
        var machine = negotiated()
        machine.beginParsing(100)
        #expect(!machine.mayFeed && machine.heldBytes == 100)
        machine.inputDidEnd()
        let fact4 = machine.finishIfDone()
        #expect(!fact4)
        machine.endParsing()
        #expect(machine.mayFeed && machine.heldBytes == 0)
        let fact5 = machine.setCongested(true)
        #expect(fact5)
        let fact6 = machine.setCongested(true)
        #expect(!fact6)
        #expect(!machine.mayFeed)
        let fact7 = machine.setCongested(false)
        #expect(fact7)
        let fact8 = machine.finishIfDone()
        #expect(fact8)
    }

    @Test(arguments: [false, true]) func `who has gone or is stopped begins nothing`(hasGone: Bool) throws {
        var machine = negotiated()
        let ticket = try begun(machine.received(request(#"{"execute":"a"}"#, machine)))
        #expect(machine.received(request(#"{"execute":"a"}"#, machine)) == nil)
        if hasGone { machine.close() } else { machine.stop() }
        #expect(machine.isDeaf && !machine.wantsInput)
        #expect(machine.received(request(#"{"exec-oob":"b"}"#, machine)) == nil)
        #expect(machine.answer(ticket, isLast: true) == .reply(id: nil))
        machine.sent(ticket)
        #expect(machine.next() == nil)
        #expect(machine.heldBytes == 0)
        #expect(machine.receivesEvents == !hasGone)
    }
}
