/// What is asked of an image, read from the command line: `NAME=VALUE` words, then the image's path.
struct Workload {
    var path = ""
    /// Whether requests write.
    var writes = false
    /// Requests that are measured.
    var count = 0
    /// Requests before those, for warm metadata.
    var warmUp = 0
    /// Where the first one goes.
    var offset = 0
    /// Bytes of a request.
    var size = 4096
    /// From one request's offset to the next one's; it wraps around at the image's end.
    var step = 4096
    /// Requests in flight.
    var depth = 1
    /// Past the page cache.
    var isDirect = false
    /// Bytes of the cache of L2 tables; nil is the default.
    var cacheBytes: Int64?

    /// - Returns: nil when a word is not understood.
    init?(_ words: [String]) {
        for word in words {
            guard let (name, value) = Self.parts(word) else {
                path = word
                continue
            }
            switch name {
            case "mode": writes = value == "write"
            case "cache": isDirect = value == "none"
            default:
                guard let number = Int(value), number >= 0 else { return nil }
                switch name {
                case "count": count = number
                case "warm-up": warmUp = number
                case "offset": offset = number
                case "size": size = number
                case "step": step = number
                case "depth": depth = number
                case "l2-cache-size": cacheBytes = Int64(number)
                default: return nil
                }
            }
        }
        guard !path.isEmpty, count > 0, size > 0, depth > 0 else { return nil }
    }

    private static func parts(_ word: String) -> (String, String)? {
        guard !word.hasPrefix("/"), let sign = word.firstIndex(of: "=") else { return nil }
        return (String(word[..<sign]), String(word[word.index(after: sign)...]))
    }
}
