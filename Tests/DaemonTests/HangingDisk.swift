import TestSupport

/// A daemon with a disk that hangs: every request to node `slow`, and to `r` above it, takes an hour. `a`, `at`, `b`, `bt`, `m`, `mt` and
/// `x` are quick and hold nothing, `data` holds data.
///
/// Such a disk needs no privileges, and no drain gets a request out of it. Deadlines are far unless told otherwise, so that nothing depends on
/// how quick the test is.
struct HangingDisk {
    let daemon: DaemonProcess

    init(cancelDeadline: Int? = 3600) throws {
        func null(_ name: String) -> [String] { ["--blockdev", "null-co,node-name=\(name),size=1048576"] }
        let directory = try TemporaryDirectory()
        try directory.makeFile("data.raw", size: 1 << 20, pattern: 0x5A)
        var options = ["a", "at", "b", "bt", "m", "mt", "x"].flatMap(null)
        options += ["--blockdev", "file,node-name=data,filename=data.raw"]
        options += ["--blockdev", "null-co,node-name=slow,size=1048576,latency-ns=3600000000000"]
        options += ["--blockdev", "raw,node-name=r,file=slow"]
        if let cancelDeadline { options += ["--x-cancel-deadline", "\(cancelDeadline)"] }
        daemon = try DaemonProcess(.blockjobd, in: directory, options: options)
    }

    /// Returns when the requests of the jobs that were started have come to their disks.
    ///
    /// Nothing on the wire tells of a read in flight. But the control plane and the loop each do things in order, and this goes through
    /// both: each round lets a job go on by a step at least, and it takes fewer to its first requests.
    func waitUntilHanging(_ client: QMPClient) throws {
        for _ in 0..<40 { try client.execute("query-named-block-nodes") }
    }

    /// Starts a backup.
    func startBackup(_ id: String, from device: String, to target: String, on client: QMPClient) throws {
        try client.execute(
            "blockdev-backup", "{\"job-id\": \"\(id)\", \"device\": \"\(device)\", \"target\": \"\(target)\", \"sync\": \"full\"}")
    }

    /// Sends a transaction that waits until the requests to `slow` end, which they don't: job `j` is created, job `k` not yet.
    /// - Parameter client: who gets no reply.
    func sendWaitingTransaction(on client: QMPClient, watching other: QMPClient) throws {
        try startBackup("h", from: "data", to: "r", on: other)
        try waitUntilHanging(other)
        let actions = [("j", "a", "at"), ("k", "slow", "bt")].map { id, device, target in
            "{\"type\": \"blockdev-backup\", \"data\": {\"job-id\": \"\(id)\", \"device\": \"\(device)\", \"target\": \"\(target)\", "
                + "\"sync\": \"full\", \"speed\": 4096}}"
        }
        try client.send(
            "{\"execute\": \"transaction\", \"arguments\": {\"actions\": [\(actions.joined(separator: ", "))], "
                + "\"properties\": {\"completion-mode\": \"grouped\"}}, \"id\": \"waits\"}\n")
        try other.waitForJob("j", "created")
    }
}
