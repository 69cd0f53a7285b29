import Testing

@testable import Storage

@Suite struct `what is written back while copying` {
    private let piece: Int64 = 1 << 20

    @Test func `comes in windows that cover everything, in whatever order its pieces end`() {
        var window = WritebackWindow()
        var covered = Set<Int64>()
        for pair in stride(from: Int64(0), to: 64, by: 2) {
            for index in [pair + 1, pair] {
                guard let range = window.add(index * piece, count: piece) else { continue }
                #expect(range.upperBound - range.lowerBound <= 2 * WritebackWindow.size)
                for part in stride(from: range.lowerBound, to: range.upperBound, by: Int64.Stride(piece)) { covered.insert(part / piece) }
            }
        }
        #expect(covered == Set(0..<64))
    }

    @Test func `leaves alone what lies between pieces far apart`() {
        var window = WritebackWindow()
        for index in Int64(0)..<64 {
            #expect(window.add(index * (1 << 30), count: piece) == nil)
            #expect(window.add((64 - index) * (1 << 30), count: piece) == nil)
        }
    }
}
