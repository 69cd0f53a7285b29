/// Jobs of a daemon before this one.
extension JobRegistry {
    /// One job to be taken up again.
    public struct Restored: Sendable {
        let record: JobRecord
        let body: any JobBody

        /// - Parameters:
        ///   - record: as `record(_:)` gave it.
        ///   - body: does what is left to do; for a job that has concluded its members are not called.
        public init(_ record: JobRecord, body: any JobBody) {
            self.record = record
            self.body = body
        }
    }

    /// Makes the jobs of one group, or a job on its own, as they were when they were recorded, the oldest first, and lets them go on: bodies that
    /// were at work are entered anew, cancelled jobs end, accepted finalizations and aborts are carried out from their beginning. A job
    /// that was only created waits for `start` or `abort`. Clients are told what happens from now on.
    /// - Throws: as `validate(newID:)`; `.invalidArgument` on a record of another version. Nothing has then been made.
    public func restore(_ jobs: [Restored]) throws(JobError) -> [JobHandle] {
        for (index, job) in jobs.enumerated() {
            let (id, version) = (job.record.parameters.id, job.record.version)
            guard version == JobRecord.currentVersion else {
                throw JobError(
                    .invalidArgument,
                    "Job '\(id)' was recorded in version \(version); this daemon reads version \(JobRecord.currentVersion)")
            }
            try validate(newID: id)
            guard !jobs[..<index].contains(where: { $0.record.parameters.id == id }) else { throw .idTaken(id) }
        }
        let isGrouped = jobs.contains { $0.record.group != nil }
        let group = makeGroup(completionMode: isGrouped ? .grouped : .individual)
        let made = jobs.map { make($0, in: group) }
        carryOut(group.machine.takeUp(from: jobs.first?.record.groupStage ?? .open), of: group)
        for job in made { carryOut(job.machine.takeUp(), for: job) }
        return made.map(\.handle)
    }

    private func make(_ restored: Restored, in group: JobGroup) -> Job {
        let record = restored.record
        let handle = JobHandle(id: record.parameters.id, serial: nextSerial())
        let job = Job(restoring: record, handle: handle, body: restored.body, registry: self, group: group)
        if job.machine.status != .concluded {
            group.machine.add(
                restored: record.state, serial: handle.serial, finalizesItself: record.parameters.autoFinalize)
        }
        table.add(job)
        return job
    }
}
