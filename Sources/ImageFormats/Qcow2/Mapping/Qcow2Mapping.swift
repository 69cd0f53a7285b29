/// Where a run of the virtual disk is.
public enum Qcow2Mapping: Sendable, Equatable {
    /// In the data file (which is the image file unless there is another), contiguous from here on.
    case data(HostOffset)
    /// Nowhere: it reads as zeroes. Space from `allocated` on may be reserved for it.
    case zero(allocated: HostOffset?)
    /// Where the backing file has it; zeroes without one, and past its end.
    case unallocated
    /// In a compressed cluster, of which the run is a part.
    case compressed(CompressedCluster)
}
