import BlockGraph
import BlockJobs
import JSON
import Jobs
import QAPI
import Storage
import Testing

@testable import Monitor

/// The schema and the domain each list these names; what one has and the other lacks would stop the daemon.
@Suite struct `Enums of the schema and of the domain` {
    @Test func `have the same names`() {
        #expect(names(QAPI.JobType.self) == names(Jobs.JobType.self))
        #expect(names(QAPI.JobStatus.self) == names(Jobs.JobStatus.self))
        #expect(names(QAPI.JobPendingRequest.self) == names(Jobs.PendingRequest.self))
        #expect(names(QAPI.BlockDeviceIoStatus.self) == names(Jobs.JobIOStatus.self))
        #expect(names(QAPI.IoOperationType.self) == names(Jobs.IOOperation.self))
        #expect(names(QAPI.BlockErrorAction.self) == names(Jobs.ErrorAction.self))
        #expect(names(QAPI.PreallocMode.self) == names(Storage.Preallocation.self))
        #expect(names(QAPI.BlockdevOnError.self) == names(Jobs.ErrorPolicy.self))
        #expect(names(QAPI.BitmapSyncMode.self) == names(bitmapSyncModes))
        #expect(names(QAPI.OnCbwError.self) == names(CopyBeforeWriteErrorPolicy.self))
        #expect(names(QAPI.MirrorCopyMode.self) == names(mirrorCopyModes))
        #expect(names(QAPI.BlockdevDetectZeroesOptions.self) == names(detectZeroes))
        #expect(names(QAPI.QuorumOpType.self) == names(NodeEvent.QuorumOperation.self))
        #expect(names(QAPI.QuorumReadPattern.self) == names(QuorumDriver.ReadPattern.self))
        #expect(names(QAPI.BlkdebugEvent.self) == names(DebugEvent.self))
        #expect(names(QAPI.BlkdebugIOType.self) == names(BlkdebugRule.Injection.Request.self))
        #expect(names(QAPI.MirrorSyncMode.self) == names(SyncMode.self))
    }

    private func names<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> Set<String> {
        Set(type.allCases.map(\.rawValue))
    }
}

/// Every value of a job must have a place on the wire.
@Suite struct `Events of jobs` {
    private let report = BlockJobReport(type: .mirror, device: "j", len: 10, offset: 5, speed: 3)

    @Test func `carry the names and members of the schema`() {
        #expect(name(of: .statusChange(id: "j", status: .standby)) == "JOB_STATUS_CHANGE")
        #expect(wireEvent(.statusChange(id: "j", status: .standby)).encoded(.compact).text == #"{"id": "j", "status": "standby"}"#)
        #expect(
            wireEvent(.completed(report, error: "no")).encoded(.compact).text
                == #"{"type": "mirror", "device": "j", "len": 10, "offset": 5, "speed": 3, "error": "no"}"#)
        #expect(
            wireEvent(.cancelled(report)).encoded(.compact).text
                == #"{"type": "mirror", "device": "j", "len": 10, "offset": 5, "speed": 3}"#)
        #expect(name(of: .ready(report)) == "BLOCK_JOB_READY")
        #expect(wireEvent(.pending(type: .backup, id: "b")).encoded(.compact).text == #"{"type": "backup", "id": "b"}"#)
        #expect(
            wireEvent(.error(device: "j", operation: .write, action: .stop, suppressed: 0)).encoded(.compact).text
                == #"{"device": "j", "operation": "write", "action": "stop"}"#)
    }

    private func name(of event: JobEvent) -> String { type(of: wireEvent(event)).name }
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
