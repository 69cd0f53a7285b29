internal import Storage

/// Sparse bytes: pages that were never written, or were unmapped, are holes and read as zeroes.
struct PagedBytes {
    static let page: Int64 = 4096
    private var pages: [Int64: [UInt8]] = [:]

    /// Bytes beyond a shorter length are forgotten.
    var length: Int64 {
        didSet { if length < oldValue { forget(from: length) } }
    }

    init(length: Int64) { self.length = length }

    var allocated: Int64 { Int64(pages.count) * Self.page }

    var array: [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(length))
        result.withUnsafeMutableBytes { read(at: 0, into: $0) }
        return result
    }

    func newlyAllocated(at offset: Int64, count: Int64) -> Int64 {
        guard count > 0 else { return 0 }
        let missing = (offset / Self.page...(offset + count - 1) / Self.page).filter { pages[$0] == nil }
        return Int64(missing.count) * Self.page
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) {
        Self.forEachPage(offset, Int64(buffer.count)) { index, inPage, position, count in
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[position..<position + count])
            if let page = pages[index] {
                page.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[inPage..<inPage + count])) }
            } else {
                target.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
    }

    mutating func write(at offset: Int64, _ data: UnsafeRawBufferPointer) {
        length = max(length, offset + Int64(data.count))
        Self.forEachPage(offset, Int64(data.count)) { index, inPage, position, count in
            pages[index, default: Self.emptyPage].withUnsafeMutableBytes { page in
                UnsafeMutableRawBufferPointer(rebasing: page[inPage..<inPage + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: data[position..<position + count]))
            }
        }
    }

    mutating func zero(at offset: Int64, count: Int64, unmap: Bool) {
        length = max(length, offset + count)
        Self.forEachPage(offset, count) { index, inPage, _, count in
            if unmap && count == Int(Self.page) {
                pages[index] = nil
            } else if pages[index] != nil || !unmap {
                pages[index, default: Self.emptyPage].withUnsafeMutableBytes { page in
                    _ = UnsafeMutableRawBufferPointer(rebasing: page[inPage..<inPage + count]).initializeMemory(
                        as: UInt8.self, repeating: 0)
                }
            }
        }
    }

    func extent(at offset: Int64, limit: Int64) -> StorageExtent {
        let end = offset + limit
        let isHole = pages[offset / Self.page] == nil
        var position = (offset / Self.page + 1) * Self.page
        while position < end, (pages[position / Self.page] == nil) == isHole { position += Self.page }
        return StorageExtent(isHole ? .hole : .data, length: min(position, end) - offset)
    }

    private mutating func forget(from start: Int64) {
        for index in pages.keys where index * Self.page >= start { pages[index] = nil }
        let last = start / Self.page
        guard pages[last] != nil else { return }
        for byte in Int(start % Self.page)..<Int(Self.page) { pages[last, default: Self.emptyPage][byte] = 0 }
    }

    private static let emptyPage = [UInt8](repeating: 0, count: Int(page))

    private static func forEachPage(
        _ offset: Int64, _ count: Int64, _ body: (_ index: Int64, _ inPage: Int, _ position: Int, _ count: Int) -> Void
    ) {
        var position: Int64 = 0
        while position < count {
            let inPage = (offset + position) % page
            let part = min(page - inPage, count - position)
            body((offset + position) / page, Int(inPage), Int(position), Int(part))
            position += part
        }
    }
}
