import QMP
import Testing

@testable import Monitor

@Suite struct `Replies that show nodes within nodes` {
    private func chain(_ count: Int) -> [(name: String, below: String?)] {
        (0..<count).map { ("n\($0)", $0 == 0 ? nil : "n\($0 - 1)") }
    }

    @Test func `are refused where they would grow with the square of a chain`() throws {
        // 315 * 316 / 2 = 49770
        try NestedReply.check(chain(315), remedy: "")
        #expect(throws: QMPError("The reply would show 50086 nodes within nodes, more than 50000: ask for them with 'flat'")) {
            try NestedReply.check(chain(316), remedy: "ask for them with 'flat'")
        }
        // Many nodes side by side are none of that.
        let side: [(name: String, below: String?)] = (0..<40_000).map { ("n\($0)", nil) }
        try NestedReply.check(side, remedy: "")
    }
}
