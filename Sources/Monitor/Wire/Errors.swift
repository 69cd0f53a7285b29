import BlockGraph
import BlockJobs
import Jobs
import QAPI
import QMP
import Storage

/// An error that a client may see: what it is called on the wire. All that do are in this file.
private protocol QMPRepresentable: Error {
    var qmp: QMPError { get }
}

extension QMPError {
    /// What a handler threw.
    init(_ error: any Error) {
        guard let error = error as? any QMPRepresentable else {
            assertionFailure("no client may see \(error)")
            self.init("\(error)")
            return
        }
        self = error.qmp
    }
}

extension QMPError: QMPRepresentable {
    fileprivate var qmp: QMPError { self }
}

/// What is wrong with the arguments.
extension ArgumentError: QMPRepresentable {
    fileprivate var qmp: QMPError { QMPError(description) }
}

/// The registry's refusal.
extension JobError: QMPRepresentable {
    fileprivate var qmp: QMPError { QMPError(kind == .blockJobNotFound ? .deviceNotActive : .genericError, message) }
}

/// A node's or the graph's refusal.
extension BlockError: QMPRepresentable {
    fileprivate var qmp: QMPError { QMPError(.genericError, message) }
}

/// Why a job was not started.
extension BlockJobError: QMPRepresentable {
    fileprivate var qmp: QMPError {
        switch kind {
        case .generic: QMPError(.genericError, message)
        case .deviceNotFound: QMPError(.deviceNotFound, message)
        case .deviceNotActive: QMPError(.deviceNotActive, message)
        }
    }
}
