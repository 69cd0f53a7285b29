internal import Glibc
internal import IOLoop

/// What O_DIRECT asks of offsets, lengths and addresses. Blocks: belongs on the pool.
struct DirectAlignment: Equatable {
    var request: Int
    var memory: Int

    /// Asks the kernel (statx, Linux 6.1), then the device (BLKSSZGET), then tries reads, each growing until one is accepted.
    static func probe(_ descriptor: Int32) throws(BlockError) -> DirectAlignment {
        if HostCall.directNeedsNoAlignment(descriptor) { return DirectAlignment(request: 1, memory: 1) }
        let told = HostCall.directAlignment(descriptor)
        if isPlausible(told.offset) && isPlausible(told.memory) {
            // Less than a sector would be allowed by nobody else who opens the image.
            return DirectAlignment(request: max(told.offset, 512), memory: max(told.memory, 1))
        }
        let sector = HostCall.deviceLogicalBlock(descriptor)
        if isPlausible(sector) { return DirectAlignment(request: sector, memory: max(sector, 512)) }
        return try tryReads(descriptor)
    }

    private static func isPlausible(_ alignment: Int) -> Bool {
        alignment > 0 && alignment <= 65536 && alignment & (alignment - 1) == 0
    }

    private static let candidates = [1, 512, 1024, 2048, 4096]

    private static func tryReads(_ descriptor: Int32) throws(BlockError) -> DirectAlignment {
        let buffer = BufferPool.shared.buffer(2 * 4096)
        func isAccepted(at start: Int, count: Int) -> Bool {
            let slice = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[start..<start + count])
            let result = HostCall.read(descriptor, into: slice, at: 0)
            // Only EINVAL speaks of alignment; a failing medium does not.
            return result >= 0 || result != -Int(EINVAL)
        }
        // One accepted byte means that the file system says nothing (an empty file, say): the safe value then.
        guard let request = candidates.first(where: { isAccepted(at: 0, count: $0) }),
            let memory = candidates.first(where: { isAccepted(at: $0, count: 4096) })
        else {
            throw BlockError(.invalidOption, "Could not find working O_DIRECT alignment", hint: "Try cache.direct=off")
        }
        let safeRequest = request == 1 ? 4096 : request
        return DirectAlignment(request: safeRequest, memory: memory == 1 ? safeRequest : memory)
    }
}
