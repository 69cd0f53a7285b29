internal import Jobs

extension BlockJobStarter {
    /// `transaction`: all actions or none. The jobs that it starts have one point in time, since the sources of all of them are drained
    /// from the first preparation to the last commit; nodes that no action names are not touched.
    /// - Throws: the first refusal; nothing has then changed.
    public func run(_ transaction: Transaction) async throws(BlockJobError) {
        // Without a group each job ends on its own.
        var group: JobGroup?
        if transaction.completionMode == .grouped { group = await registry.makeGroup(completionMode: .grouped) }
        try await run(transaction.actions.map { member(for: $0, group) })
    }

    /// All members or none.
    func run(_ all: [any TransactionMember]) async throws(BlockJobError) {
        var members: [any TransactionMember] = []
        var refusal: BlockJobError?
        for var member in all {
            do throws(BlockJobError) {
                try await member.prepare()
            } catch {
                refusal = error
            }
            members.append(member)
            if refusal != nil { break }
        }
        if refusal == nil {
            for index in members.indices { await members[index].commit() }
        } else {
            for index in members.indices.reversed() { await members[index].abort() }
        }
        for index in members.indices { await members[index].clean() }
        if let refusal { throw refusal }
    }

    private func member(for action: Transaction.Action, _ group: JobGroup?) -> any TransactionMember {
        switch action {
        case .create(let options): CreateJob.member(options, group: group, of: self)
        case .mirror(let options): MirrorStart.member(options, group: group, of: self)
        case .backup(let options): BackupMember(options, group: group, registry: registry, graph: graph, pool: pool)
        case .snapshot(let options): SnapshotMember(options, isGrouped: group != nil, graph: graph)
        case .internalSnapshot(let options): InternalSnapshotMember(options, isGrouped: group != nil, graph: graph)
        case .abort: AbortMember()
        }
    }
}
