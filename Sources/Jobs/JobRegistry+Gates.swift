/// One wait within the registry.
struct Gate {
    /// Who waits, once somebody does.
    var continuation: UnsafeContinuation<Bool, Never>?
    /// What it was opened with, when that came before the wait.
    var outcome: Bool?
    var timer: (any JobTimer)?
}

/// Waiting for a moment in a job's life, with a bound. A gate is a serial number, kept where the moment will be noticed.
extension JobRegistry {
    /// Makes a gate; exactly one `wait(at:within:)` has to follow. The moment may come before that: even a call within the actor may
    /// be interleaved with others.
    func makeGate() -> Int {
        let gate = nextSerial()
        gates[gate] = Gate()
        return gate
    }

    /// Returns true when the gate is opened, false when `nanoseconds` have passed first.
    func wait(at gate: Int, within nanoseconds: UInt64? = nil) async -> Bool {
        await withUnsafeContinuation { continuation in
            if let outcome = gates[gate]?.outcome {
                gates[gate] = nil
                continuation.resume(returning: outcome)
                return
            }
            gates[gate, default: Gate()].continuation = continuation
            if let nanoseconds { limit(gate, to: nanoseconds) }
        }
    }

    /// Puts a bound on a wait.
    func limit(_ gate: Int, to nanoseconds: UInt64) {
        guard let current = gates[gate], current.timer == nil, current.outcome == nil else { return }
        let (deadline, overflow) = clock.now.addingReportingOverflow(nanoseconds)
        gates[gate]?.timer = clock.schedule(at: overflow ? .max : deadline) { [self] in
            assumeIsolated { $0.finish(gate, false) }
        }
    }

    /// The moment has come for these gates.
    func open(_ list: inout [Int]) {
        let opened = list
        list = []
        for gate in opened { finish(gate, true) }
    }

    /// Ends the wait; the first outcome counts.
    func finish(_ gate: Int, _ outcome: Bool) {
        guard let found = gates[gate], found.outcome == nil else { return }
        found.timer?.cancel()
        if let continuation = found.continuation {
            gates[gate] = nil
            continuation.resume(returning: outcome)
        } else {
            gates[gate] = Gate(continuation: nil, outcome: outcome, timer: nil)
        }
    }
}
