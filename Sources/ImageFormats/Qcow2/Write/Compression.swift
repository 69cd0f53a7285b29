internal import CZlib
internal import CZstd

/// Makes clusters smaller. Pure: it may run on any thread.
enum Compression {
    /// zstd's own default.
    private static let zstdLevel: Int32 = 3

    /// Compresses a cluster into `output`.
    /// - Returns: how many bytes it takes; nil when it does not fit.
    static func run(_ type: Qcow2CompressionType, _ cluster: LentBytes) -> Int? {
        switch type {
        case .zlib: deflateCluster(cluster)
        case .zstd: zstdCluster(cluster)
        }
    }

    /// A raw deflate stream with a window of 4 KiB, which readers of qcow2 rely on.
    private static func deflateCluster(_ cluster: LentBytes) -> Int? {
        var stream = z_stream()
        let version = ZLIB_VERSION
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        // zlib takes a pointer to mutable bytes and does not write to them.
        stream.next_in = UnsafeMutablePointer(mutating: cluster.input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(cluster.input.count)
        stream.next_out = cluster.output.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(cluster.output.count)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return cluster.output.count - Int(stream.avail_out)
    }

    private static func zstdCluster(_ cluster: LentBytes) -> Int? {
        let size = ZSTD_compress(
            cluster.output.baseAddress, cluster.output.count, cluster.input.baseAddress, cluster.input.count, zstdLevel)
        return ZSTD_isError(size) == 0 ? Int(size) : nil
    }
}
