internal import Storage
internal import Waiting

/// The cluster that was decompressed last: small reads of one cluster, one after the other or at once, decompress it once.
///
/// It is found by where its data is in the file, and must be forgotten when other data may have come there: at every compressed write.
/// Loop-bound.
final class DecompressedCluster {
    private var place: CompressedCluster?
    private var buffer: IOBuffer?
    private let waiters = Waiters()
    /// Counts what was forgotten: a decompression that began before is not kept.
    private var epoch = 0

    /// The cluster whose data is at `place`, if it is here or about to be.
    func contents(of place: CompressedCluster) async -> IOBuffer? {
        await waiters.wait { self.place != place || buffer != nil }
        return self.place == place ? buffer : nil
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
        waiters.wakeAll()
    }

    /// Forgets the cluster.
    func forget() {
        epoch += 1
        place = nil
        buffer = nil
        waiters.wakeAll()
    }
}
