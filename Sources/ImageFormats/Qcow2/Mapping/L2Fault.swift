/// What is wrong with an L2 entry.
enum L2Fault: Equatable {
    /// A bit that version 2 does not have.
    case zeroInVersion2
    /// External data files are never compressed.
    case compressedInDataFile
    /// A host cluster begins where no cluster can.
    case unaligned(HostOffset)
    /// In an external data file a cluster is at its guest offset.
    case elsewhereInDataFile(HostOffset, GuestOffset)
    /// Subclusters that are allocated without a cluster, or allocated and zero at once.
    case contradiction

    /// What QEMU says about the entry at `index` of the table at `table`.
    func message(table: HostOffset, index: Int) -> String {
        let place = "L2 offset: \(hexadecimal(table.bytes)), L2 index: \(hexadecimal(index))"
        switch self {
        case .zeroInVersion2: return "Zero cluster entry found in pre-v3 image (\(place))"
        case .compressedInDataFile: return "Compressed cluster entry found in image with external data file (\(place))"
        case .unaligned(let host): return "Cluster allocation offset \(hexadecimal(host.bytes)) unaligned (\(place))"
        case .elsewhereInDataFile(let host, let guest):
            return "External data file host cluster offset \(hexadecimal(host.bytes)) does not match guest cluster offset: "
                + "\(hexadecimal(guest.bytes)), L2 index: \(hexadecimal(index)))"
        case .contradiction: return "Invalid cluster entry found  (\(place))"
        }
    }
}
