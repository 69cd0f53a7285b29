import BlockGraph
import QAPI
import Storage

extension FileSpec {
    /// Options of `file` and `host_device`.
    init(_ options: BlockdevOptionsFile) {
        self.init(filename: options.filename, aio: options.aio?.domain(), locking: options.locking?.domain())
    }
}

extension NullSpec {
    /// Options of `null-co` and `null-aio`.
    init(_ options: BlockdevOptionsNull) {
        self.init(
            size: options.size, latency: options.latencyNs.map(Int64.init(truncatingIfNeeded:)), readZeroes: options.readZeroes)
    }
}
