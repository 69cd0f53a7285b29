import BlockGraph
import Glibc
import Testing

@Suite struct DirtyBitmapTests {
    @Test(arguments: 0..<20)
    func `random changes agree with an array of bits`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let granularity = Int64(1) << Int64.random(in: 0...12, using: &random)
        let length = Int64.random(in: 1...(granularity * 1500), using: &random)
        let bitmap = try DirtyBitmap(length: length, granularity: granularity)
        var model = [Bool](repeating: false, count: Int((length + granularity - 1) / granularity))
        for step in 0..<80 {
            let offset = Int64.random(in: 0..<length, using: &random)
            let count = Int64.random(in: 0...min(length, Bool.random(using: &random) ? granularity * 3 : length), using: &random)
            let end = min(length, offset + count)
            if Bool.random(using: &random) {
                bitmap.set(offset, count: count)
                if end > offset { for region in (offset / granularity)...((end - 1) / granularity) { model[Int(region)] = true } }
            } else {
                bitmap.clear(offset, count: count)
                let first = (offset + granularity - 1) / granularity
                let past = end == length ? Int64(model.count) : end / granularity
                if first < past && end > offset { for region in first..<past { model[Int(region)] = false } }
            }
            #expect(bitmap.dirtyRegions == model.count { $0 }, "seed \(seed), step \(step)")
            let expectedBytes = model.indices.reduce(Int64(0)) {
                model[$1] ? $0 + min(granularity, length - Int64($1) * granularity) : $0
            }
            #expect(bitmap.dirtyBytes == expectedBytes, "seed \(seed), step \(step)")
            let from = Int64.random(in: 0..<length, using: &random)
            let stop = Int64.random(in: from...length, using: &random)
            let limit = Int64.random(in: 1...length, using: &random)
            #expect(
                bitmap.nextDirty(from: from, to: stop, limit: limit)
                    == nextRun(model, true, granularity, length, from, stop, limit), "seed \(seed), step \(step)")
            #expect(
                bitmap.nextClean(from: from, to: stop) == nextRun(model, false, granularity, length, from, stop, .max),
                "seed \(seed), step \(step)")
        }
    }

    private func nextRun(
        _ model: [Bool], _ wanted: Bool, _ granularity: Int64, _ length: Int64, _ from: Int64, _ end: Int64, _ limit: Int64
    ) -> Range<Int64>? {
        let stop = min(end, length)
        var position = from
        while position < stop && model[Int(position / granularity)] != wanted { position = (position / granularity + 1) * granularity }
        guard position < stop else { return nil }
        var last = position
        while last < stop && model[Int(last / granularity)] == wanted { last = (last / granularity + 1) * granularity }
        let furthest = limit < stop - position ? position + limit : stop
        return position..<min(last, furthest)
    }

    @Test func `a bit at the end of 16 TiB is found without a walk over all words`() throws {
        let bitmap = try DirtyBitmap(length: 16 << 40, granularity: 65536)
        bitmap.set((16 << 40) - 1, count: 1)
        let start = threadTime()
        let end: Int64 = 16 << 40
        var found = 0
        for _ in 0..<1000 where bitmap.nextDirty(from: 0) == (end - 65536)..<end { found += 1 }
        #expect(found == 1000)
        // A walk over 4 Mi words, a thousand times over, would take far longer, not least in a debug build.
        #expect(threadTime() - start < .seconds(5))
    }

    @Test func `clearing part of a region leaves it dirty`() throws {
        let bitmap = try DirtyBitmap(length: 1 << 20, granularity: 65536)
        bitmap.set(0, count: 131072)
        bitmap.clear(1, count: 65536)
        #expect(bitmap.dirtyRegions == 2)
        bitmap.clear(0, count: 131071)
        #expect(bitmap.nextDirty(from: 0) == 65536..<131072)
    }

    @Test func `the last region ends with the disk`() throws {
        let bitmap = try DirtyBitmap(length: 100_000, granularity: 65536)
        bitmap.setAll()
        #expect(bitmap.dirtyBytes == 100_000)
        bitmap.clear(65536, count: 100_000 - 65536)
        #expect(bitmap.nextDirty(from: 0) == 0..<65536)
    }

    @Test func `a resize keeps what both lengths have`() throws {
        let bitmap = try DirtyBitmap(length: 1 << 20, granularity: 65536)
        bitmap.set(0, count: 1)
        bitmap.set((1 << 20) - 1, count: 1)
        bitmap.resize(to: 4 << 20)
        #expect(bitmap.dirtyRegions == 2)
        bitmap.resize(to: 65536)
        #expect(bitmap.dirtyRegions == 1)
    }

    @Test func `merging takes other granularities`() throws {
        let coarse = try DirtyBitmap(length: 1 << 20, granularity: 65536)
        let fine = try DirtyBitmap(length: 1 << 20, granularity: 512)
        fine.set(70_000, count: 1)
        coarse.merge(fine)
        #expect(coarse.nextDirty(from: 0) == 65536..<131072)
        fine.merge(coarse)
        #expect(fine.dirtyBytes == 65536)
    }
}

/// Processor time of the calling thread, which other tests don't add to.
private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
