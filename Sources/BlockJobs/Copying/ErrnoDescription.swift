internal import Glibc

/// The host's words for an `errno` value: `No space left on device`.
func errnoDescription(_ errno: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let base = buffer.baseAddress, strerror_r(errno, base, buffer.count) == 0 else { return "Unknown error \(errno)" }
        return String(cString: base)
    }
}
