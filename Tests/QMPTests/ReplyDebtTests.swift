import Testing

@testable import QMP

/// A command that is never answered keeps its session waiting for ever.
@Suite struct ReplyDebtTests {
    private final class Receiver: CompletionReceiver {
        func replyEarly(_ ticket: Ticket, with reply: CommandReply) {}
        func complete(_ ticket: Ticket, with reply: CommandReply) {}
    }

    private static func owe(_ pay: (CommandCompletion) -> Void) {
        let completion = CommandCompletion(Receiver(), Ticket(number: 1))
        pay(completion)
    }

    #if DEBUG
        @Test func `a handler that drops its completion ends a debug build`() async {
            await #expect(processExitsWith: .failure) { ReplyDebtTests.owe { _ in } }
            // A reply that was due early is not the last word.
            await #expect(processExitsWith: .failure) { ReplyDebtTests.owe { $0.replyEarly(.empty) } }
        }
    #endif

    @Test func `a handler that answers, and one whose reply came at once, owe nothing`() {
        Self.owe { $0(.empty) }
        Self.owe { $0.isSettled() }
    }
}
