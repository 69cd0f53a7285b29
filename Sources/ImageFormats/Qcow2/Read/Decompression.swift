internal import CZlib
internal import CZstd

/// Turns compressed clusters into what they were. Pure: it may run on any thread.
enum Decompression {
    /// Fills each output from its input; inputs may go on behind the compressed data.
    /// - Returns: whether every one was filled exactly.
    static func run(_ type: Qcow2CompressionType, _ clusters: [LentBytes]) -> Bool {
        switch type {
        case .zlib: clusters.allSatisfy(inflateCluster)
        case .zstd: decompressFrames(clusters)
        }
    }

    /// A raw deflate stream with a window of 4 KiB.
    private static func inflateCluster(_ cluster: LentBytes) -> Bool {
        var stream = z_stream()
        // zlib takes a pointer to mutable bytes and does not write to them.
        stream.next_in = UnsafeMutablePointer(mutating: cluster.input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(cluster.input.count)
        stream.next_out = cluster.output.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(cluster.output.count)
        guard inflateInit2_(&stream, -12, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        // The input's end is known only to the sector, so the output being full is what counts.
        let result = inflate(&stream, Z_FINISH)
        return (result == Z_STREAM_END || result == Z_BUF_ERROR) && stream.avail_out == 0
    }

    private static func decompressFrames(_ clusters: [LentBytes]) -> Bool {
        guard let context = ZSTD_createDCtx() else { return false }
        defer { ZSTD_freeDCtx(context) }
        return clusters.allSatisfy { decompressFrames($0, context) }
    }

    /// One frame after the other until the output is full: frame by frame needs no window besides the output.
    private static func decompressFrames(_ cluster: LentBytes, _ context: OpaquePointer) -> Bool {
        var input = cluster.input[...]
        var output = cluster.output[...]
        while !output.isEmpty {
            let source = UnsafeRawBufferPointer(rebasing: input)
            let frame = ZSTD_findFrameCompressedSize(source.baseAddress, source.count)
            guard ZSTD_isError(frame) == 0, frame > 0 else { return false }
            let target = UnsafeMutableRawBufferPointer(rebasing: output)
            let count = ZSTD_decompressDCtx(context, target.baseAddress, target.count, source.baseAddress, frame)
            guard ZSTD_isError(count) == 0 else { return false }
            input = input.dropFirst(frame)
            output = output.dropFirst(count)
        }
        return true
    }
}
