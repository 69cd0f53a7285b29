public import BlockGraph
public import QAPI

/// The schema's event for what a node told.
public func wireEvent(_ event: NodeEvent) -> any QAPIEvent {
    switch event {
    case .quorumFailure(let reference, let firstSector, let sectors):
        QuorumFailureEvent(reference: reference, sectorNum: firstSector, sectorsCount: sectors)
    case .quorumReportBad(let operation, let error, let nodeName, let firstSector, let sectors):
        QuorumReportBadEvent(
            type: .init(sameAs: operation), error: error, nodeName: nodeName, sectorNum: firstSector, sectorsCount: sectors)
    case .imageCorrupted(let nodeName, let message, let offset, let size, let isFatal):
        // No device of a guest shows the image.
        BlockImageCorruptedEvent(device: "", nodeName: nodeName, msg: message, offset: offset, size: size, fatal: isFatal)
    }
}
