import JSON
import QAPI
import Testing

/// Replies, events and commands on the wire.
@Suite struct EncodingTests {
    @Test func `a job's entry has its optional members only when there is something to say`() {
        var info = JobInfo(id: "j", type: .snapshotLoad, status: .running, currentProgress: 1, totalProgress: 2)
        #expect(text(info) == #"{"id": "j", "type": "snapshot-load", "status": "running", "current-progress": 1, "total-progress": 2}"#)
        info.error = "No space left on device"
        info.xPendingRequest = .cancel
        #expect(
            text(info)
                == #"{"id": "j", "type": "snapshot-load", "status": "running", "current-progress": 1, "total-progress": 2, "error": "No space left on device", "x-pending-request": "cancel"}"#
        )
    }

    @Test func `a block job's entry has more members for a mirror`() {
        func entry(_ variant: BlockJobInfo.Variant) -> BlockJobInfo {
            BlockJobInfo(
                variant: variant, device: "j", len: 2, offset: 1, busy: true, paused: false, speed: 0, ioStatus: .ok, ready: false,
                status: .running, autoFinalize: true, autoDismiss: false)
        }
        let common =
            #""device": "j", "len": 2, "offset": 1, "busy": true, "paused": false, "speed": 0, "io-status": "ok", "ready": false, "status": "running", "auto-finalize": true, "auto-dismiss": false"#
        #expect(text(entry(.backup)) == #"{"type": "backup", \#(common)}"#)
        #expect(
            text(entry(.mirror(BlockJobInfoMirror(activelySynced: true)))) == #"{"type": "mirror", \#(common), "actively-synced": true}"#)
    }

    @Test func `events have their data in the order of the schema`() {
        #expect(JobStatusChangeEvent.name == "JOB_STATUS_CHANGE" && JobStatusChangeEvent.hasData)
        #expect(text(JobStatusChangeEvent(id: "j", status: .null)) == #"{"id": "j", "status": "null"}"#)
        #expect(BlockJobErrorEvent.name == "BLOCK_JOB_ERROR")
        #expect(
            text(BlockJobErrorEvent(device: "j", operation: .write, action: .stop))
                == #"{"device": "j", "operation": "write", "action": "stop"}"#)
        #expect(text(EmptyReply()) == "{}")
    }

    @Test(arguments: [
        ("blockdev-backup", #"{"job-id": "j", "device": "d", "sync": "full", "speed": 5, "x-perf": {"max-workers": 3}, "target": "t"}"#),
        (
            "blockdev-mirror",
            #"{"device": "d", "target": "t", "sync": "none", "granularity": 65536, "copy-mode": "write-blocking", "target-is-zero": true}"#
        ),
        (
            "blockdev-add",
            #"{"driver": "raw", "node-name": "n", "discard": "unmap", "cache": {"direct": true}, "file": {"driver": "null-co"}, "size": 4096}"#
        ),
        ("blockdev-add", #"{"driver": "host_device", "filename": "/dev/sda", "locking": "off", "aio": "native"}"#),
        ("blockdev-create", #"{"job-id": "c", "options": {"driver": "file", "filename": "f", "size": 1, "preallocation": "falloc"}}"#),
        ("block-job-change", #"{"id": "j", "type": "mirror", "copy-mode": "background"}"#),
        (
            "transaction",
            #"{"actions": [{"type": "blockdev-backup", "data": {"device": "d", "sync": "top", "target": "t"}}, {"type": "abort", "data": {}}], "properties": {"completion-mode": "grouped"}}"#
        ),
        ("qmp_capabilities", #"{"enable": ["oob"]}"#), ("quit", "{}"),
    ])
    func `a command is written as it was read`(command: String, arguments: String) throws {
        let type = try #require(commandTypes.first { $0.name == command })
        #expect(try rewritten(type, arguments) == arguments)
    }

    private func rewritten<Value: QAPIValue>(_ type: Value.Type, _ json: String) throws -> String { text(try decode(type, json)) }

    @Test func `arguments may come in any order`() throws {
        let backup = try decode(BlockdevBackup.self, #"{"target": "t", "auto-dismiss": false, "sync": "full", "device": "d"}"#)
        #expect(backup == BlockdevBackup(device: "d", sync: .full, autoDismiss: false, target: "t"))
    }

    @Test func `verbs that never wait may come out of band`() {
        let allowed = commandTypes.filter { $0.allowOOB }.map { $0.name }.sorted()
        #expect(
            allowed == [
                "block-job-cancel", "block-job-change", "block-job-complete", "block-job-dismiss", "block-job-pause", "block-job-resume",
                "block-job-set-speed", "job-cancel", "job-complete", "job-dismiss", "job-pause", "job-resume", "query-jobs",
                "query-version",
            ])
    }
}
