internal import Storage

/// The cluster that was decompressed last: small reads of one cluster, one after the other or at once, decompress it once.
///
/// It is found by where its data is in the file, and must be forgotten when other data may have come there: at every compressed write.
/// Loop-bound.
final class DecompressedCluster {
    private var place: CompressedCluster?
    private var buffer: IOBuffer?
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    /// Counts what was forgotten: a decompression that began before is not kept.
    private var epoch = 0

    /// The cluster whose data is at `place`, if it is here or about to be.
    func contents(of place: CompressedCluster) async -> IOBuffer? {
        while self.place == place {
            if let buffer { return buffer }
            await withUnsafeContinuation { waiting.append($0) }
        }
        return nil
    }

    /// Says that the caller decompresses the cluster at `place`, and will call `end` with what this returns.
    func begin(_ place: CompressedCluster) -> Int {
        forget()
        self.place = place
        return epoch
    }

    /// Keeps what was decompressed, nil for a failure, unless another has come in between.
    func end(_ epoch: Int, _ buffer: IOBuffer?) {
        guard epoch == self.epoch else { return }
        self.buffer = buffer
        if buffer == nil { place = nil }
        wake()
    }

    /// Forgets the cluster.
    func forget() {
        epoch += 1
        place = nil
        buffer = nil
        wake()
    }

    private func wake() {
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
    }
}
