import Ordering
import TestSupport
import Testing

@Suite struct ArrivalOrderTests {
    @Test(arguments: 0..<20) func `the order of arrival stays whatever leaves`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var order = ArrivalOrder<Int>()
        var model: [Int] = []
        for number in 0..<500 {
            if Int.random(in: 0..<5, using: &random) < 3 || model.isEmpty {
                order.append(number)
                model.append(number)
            } else {
                order.remove(model.remove(at: Int.random(in: 0..<model.count, using: &random)))
            }
            #expect(order.count == model.count)
        }
        #expect(order.newestFirst == model.reversed())
        order.remove(-1)
        #expect(order.count == model.count)
    }
}
