/// Something that a node tells the monitor's clients.
public enum NodeEvent: Sendable, Equatable {
    /// What a child of a quorum was asked for.
    public enum QuorumOperation: String, Sendable, CaseIterable {
        /// A read.
        case read
        /// A write or zeroing.
        case write
        /// A flush.
        case flush
    }

    /// The children of a quorum don't agree, or too many of them failed. In sectors of 512 bytes.
    case quorumFailure(reference: String, firstSector: Int64, sectors: Int64)
    /// One child of a quorum failed, with an error in words, or gave other bytes than the majority.
    case quorumReportBad(operation: QuorumOperation, error: String?, nodeName: String, firstSector: Int64, sectors: Int64)
    /// The tables of a node's image contradict each other; where, in bytes of its file, if one range is concerned. After fatal damage nothing
    /// is written to it any more.
    case imageCorrupted(nodeName: String, message: String, offset: Int64?, size: Int64?, isFatal: Bool)
}

/// Where nodes put their events; callable on any loop.
public typealias NodeEventSink = @Sendable (NodeEvent) -> Void
