import Testing

@testable import UnixSocket

/// The pure machine of a connection: every state that events lead to, and what each event does there.
@Suite struct ConnectionMachineTests {
    private enum Event: CaseIterable {
        case pause, resume, attend, stopAttending, endInput, block, unblock, much, half, little, finish, end
    }

    private static let limit = 100

    private static func apply(_ event: Event, to machine: inout ConnectionMachine) {
        switch event {
        case .pause: _ = machine.pause()
        case .resume: _ = machine.resume()
        case .attend: machine.attend()
        case .stopAttending: _ = machine.stopAttending()
        case .endInput: _ = machine.endInput()
        case .block: machine.block()
        case .unblock: machine.unblock()
        case .much: _ = machine.setWaiting(limit + 1, congestion: limit)
        case .half: _ = machine.setWaiting(limit / 2 + 1, congestion: limit)
        case .little: _ = machine.setWaiting(limit / 2, congestion: limit)
        case .finish: machine.finish()
        case .end: _ = machine.end()
        }
    }

    private static let reachable: Set<ConnectionMachine> = {
        var found: Set = [ConnectionMachine()]
        var pending = Array(found)
        while let machine = pending.popLast() {
            for event in Event.allCases {
                var next = machine
                apply(event, to: &next)
                if found.insert(next).inserted { pending.append(next) }
            }
        }
        return found
    }()

    @Test func `has the states that its parts allow together, and no other`() {
        #expect(Self.reachable.count == 4 * 2 * 2 * 3)
    }

    @Test func `an end is final, and nothing is read or written to afterwards`() {
        for machine in Self.reachable {
            for event in Event.allCases {
                var next = machine
                Self.apply(event, to: &next)
                if machine.isOver {
                    #expect(next.isOver && !next.mayRead && next.load == machine.load, "\(machine) \(event)")
                    #expect(next.output == machine.output || event == .unblock, "\(machine) \(event)")
                }
                if machine.input == .ended { #expect(next.input == .ended && !next.mayRead, "\(machine) \(event)") }
            }
        }
    }

    @Test func `each event changes its own part, and no other`() {
        for machine in Self.reachable {
            for event in Event.allCases {
                var next = machine
                Self.apply(event, to: &next)
                let inputs: [Event] = [.pause, .resume, .attend, .stopAttending, .endInput]
                if !inputs.contains(event) { #expect(next.input == machine.input, "\(machine) \(event)") }
                if ![.block, .unblock].contains(event) { #expect(next.output == machine.output, "\(machine) \(event)") }
                if ![.much, .half, .little].contains(event) { #expect(next.load == machine.load, "\(machine) \(event)") }
                if ![.finish, .end].contains(event) { #expect(next.life == machine.life, "\(machine) \(event)") }
            }
        }
    }

    @Test func `bytes are reported by one at a time, and by nobody while the owner wants none`() {
        var machine = ConnectionMachine()
        machine.attend()
        #expect(machine.input == .attended && machine.mayRead)
        let reporters = (0..<2).map { _ in machine.pause() }
        #expect(reporters == [.attended, nil] && !machine.mayRead)
        machine.attend()
        let goesOn = machine.stopAttending()
        #expect(machine.input == .paused && !goesOn, "the queue's attention comes too late")
        let resumptions = (0..<2).map { _ in machine.resume() }
        #expect(resumptions == [true, false] && machine.input == .watched)
    }

    @Test func `congestion begins above the limit and ends at half of it`() {
        var machine = ConnectionMachine()
        let loads = [100, 101, 51, 50, 0].map { machine.setWaiting($0, congestion: 100) }
        #expect(loads == [nil, .congested, nil, .normal, nil])
    }

    @Test func `the end says once who has reported bytes`() {
        var machine = ConnectionMachine()
        machine.attend()
        machine.finish()
        #expect(machine.life == .finishing && machine.mayRead)
        let reporters = (0..<2).map { _ in machine.end() }
        #expect(reporters == [.attended, nil] && machine.isOver)
    }
}
