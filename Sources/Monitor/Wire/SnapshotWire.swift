import BlockGraph
import BlockJobs
import Glibc
import QAPI

extension SnapshotOptions {
    init(_ options: BlockdevSnapshot) {
        // A device would be called by the same member; there is none.
        self.init(node: options.node, device: options.node, overlay: .node(options.overlay))
    }

    init(_ options: BlockdevSnapshotSync) {
        self.init(
            node: options.nodeName, device: options.device,
            overlay: .new(
                NewOverlay(
                    file: options.snapshotFile, nodeName: options.snapshotNodeName, format: options.format,
                    isMade: options.mode != .existing)))
    }
}

extension InternalSnapshotOptions {
    init(_ options: BlockdevSnapshotInternal) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        self.init(
            node: options.device, name: options.name,
            date: SnapshotDate(seconds: UInt32(truncatingIfNeeded: now.tv_sec), nanoseconds: UInt32(now.tv_nsec)))
    }
}

extension SnapshotInfo {
    /// A snapshot as clients see it.
    init(_ snapshot: InternalSnapshot) {
        let second: UInt64 = 1_000_000_000
        self.init(
            id: snapshot.id, name: snapshot.name, vmStateSize: Int64(clamping: snapshot.vmStateSize),
            dateSec: Int64(snapshot.dateSeconds), dateNsec: Int64(snapshot.dateNanoseconds),
            vmClockSec: Int64(snapshot.vmClock / second), vmClockNsec: Int64(snapshot.vmClock % second),
            icount: snapshot.instructionCount.map { Int64(bitPattern: $0) })
    }
}
