internal import Glibc
public import Storage

/// Keeps the same bytes on several nodes, and believes what enough of them say.
public final class QuorumDriver: NodeDriver {
    /// How reads are done.
    public enum ReadPattern: String, Sendable, CaseIterable {
        /// All children are read and compared.
        case quorum
        /// The first child that can be read is believed.
        case fifo
    }

    /// What it does beside voting.
    public struct Behaviour: Sendable, Equatable {
        /// How many children must agree, at least one.
        public var threshold: Int
        /// Two children that disagree are an error of what is tested; see `BlkverifyDriver`.
        public var verifies = false
        /// Children that lost a vote get the winner's bytes.
        public var rewritesCorrupted = false
        /// How reads are done.
        public var pattern = ReadPattern.quorum

        /// Makes a behaviour.
        public init(threshold: Int, verifies: Bool = false, rewritesCorrupted: Bool = false, pattern: ReadPattern = .quorum) {
            self.threshold = threshold
            self.verifies = verifies
            self.rewritesCorrupted = rewritesCorrupted
            self.pattern = pattern
        }
    }

    private let nodeName: String
    private let behaviour: Behaviour
    private var edges: [NodeEdge]
    private let reports: QuorumReports
    private let spawn: Spawner

    /// Starts work beside the caller's, on the same loop.
    public typealias Spawner = (@escaping () async -> Void) -> Void

    /// Makes a driver over children of one length.
    /// - Throws: when their lengths differ.
    public init(
        _ children: [NodeEdge], _ behaviour: Behaviour, nodeName: String, events: @escaping NodeEventSink, spawn: @escaping Spawner
    ) throws(BlockError) {
        self.spawn = spawn
        self.nodeName = nodeName
        self.behaviour = behaviour
        edges = children
        reports = QuorumReports(nodeName: nodeName, send: events)
        super.init()
        guard children.allSatisfy({ $0.node.length == children.first?.node.length }) else {
            throw .system(EIO, "Could not refresh total sector count")
        }
    }

    public override var limits: StorageLimits {
        let memory = edges.map(\.node.driver.limits.memoryAlignment).max() ?? 1
        return StorageLimits(memoryAlignment: memory, maxTransfer: Int.max, maxZeroes: .max)
    }
    public override var preferredAlignment: Int { edges.map(\.node.driver.preferredAlignment).max() ?? 1 }
    public override var length: Int64 { edges.first?.node.length ?? 0 }
    public override var children: [NodeEdge] { edges }

    /// Children come and go one at a time, as long as enough are left to win a vote.
    public override func setChild(_ edge: NodeEdge?, named name: String) throws(BlockError) {
        if let edge {
            guard edge.node.length == length else { throw .system(EIO, "Could not refresh total sector count") }
            if let index = edges.firstIndex(where: { $0.name == name }) { edges[index] = edge } else { edges.append(edge) }
            return
        }
        guard edges.count > behaviour.threshold else {
            throw BlockError(
                .invalidOption, "The number of children cannot be lower than the vote threshold \(behaviour.threshold)")
        }
        edges.removeAll { $0.name == name }
    }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        switch behaviour.pattern {
        case .fifo: try await readFirst(at: offset, into: buffer)
        case .quorum: try await readAll(at: offset, into: buffer)
        }
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await change(offset, Int64(buffer.count)) { (node) async throws(BlockError) in
            try await node.write(at: offset, from: buffer, flags: flags)
        }
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await change(offset, count) { (node) async throws(BlockError) in
            try await node.writeZeroes(at: offset, count: count, flags: flags)
        }
    }

    public override func flush() async throws(BlockError) {
        let outcomes = await onAll { (node) async throws(BlockError) in try await node.flush() }
        for (edge, outcome) in zip(edges, outcomes) {
            if let outcome { reports.bad(.flush, edge, outcome, 0, 0) }
        }
        guard outcomes.count(where: { $0 == nil }) < behaviour.threshold else { return }
        if let error = QuorumDriver.mostFrequent(outcomes) { throw error }
    }

    /// Zeroes are where all children have zeroes.
    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        var zeroes = limit
        var data: Int64 = 0
        for edge in edges {
            do throws(BlockError) {
                let extent = try await edge.node.extent(at: offset, limit: limit)
                if extent.content == .data { data = max(data, extent.length) } else { zeroes = min(zeroes, extent.length) }
            } catch {
                reports.bad(.read, edge, error, offset, limit)
                return StorageExtent(.data, length: limit)
            }
        }
        return data > 0 ? StorageExtent(.data, length: data) : StorageExtent(.zero, length: zeroes)
    }

    // MARK: Reading

    private func readFirst(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        var last = NodeDriver.unsupported
        for edge in edges {
            do throws(BlockError) {
                return try await edge.node.read(at: offset, into: buffer)
            } catch {
                reports.bad(.read, edge, error, offset, Int64(buffer.count))
                last = error
            }
        }
        throw last
    }

    private func readAll(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let edges = self.edges
        let buffers = edges.map { _ in BufferPool.shared.buffer(buffer.count) }
        let outcomes = await onAll { (node, index) async throws(BlockError) in
            try await node.read(at: offset, into: buffers[index].bytes)
        }
        let count = Int64(buffer.count)
        for (edge, outcome) in zip(edges, outcomes) {
            if let outcome { reports.bad(.read, edge, outcome, offset, count) }
        }
        try checkSuccesses(outcomes, offset, count)
        let answers = zip(buffers, outcomes).map { $1 == nil ? $0.contents : nil }
        if behaviour.verifies { try verify(answers, offset) }
        guard case .won(let winner, let losers) = QuorumVote.hold(answers, threshold: behaviour.threshold) else {
            reports.failure(offset, count)
            throw .system(EIO)
        }
        buffer.copyMemory(from: buffers[winner].contents)
        guard !losers.isEmpty else { return }
        for loser in losers { reports.bad(.read, edges[loser], nil, offset, count) }
        guard behaviour.rewritesCorrupted else { return }
        for loser in losers { await rewrite(edges[loser], at: offset, from: buffers[winner].contents) }
    }

    /// A child that cannot be mended will lose its next vote too.
    private func rewrite(_ edge: NodeEdge, at offset: Int64, from bytes: UnsafeRawBufferPointer) async {
        do throws(BlockError) {
            try await edge.node.write(at: offset, from: bytes, flags: [])
        } catch {
            reports.bad(.write, edge, error, offset, Int64(bytes.count))
        }
    }

    private func verify(_ answers: [UnsafeRawBufferPointer?], _ offset: Int64) throws(BlockError) {
        guard answers.count == 2, let first = answers[0], let second = answers[1],
            let place = BlkverifyDriver.firstDifference(first, second)
        else { return }
        throw BlockError(.invalidImage, "quorum: contents mismatch at offset \(offset + Int64(place))")
    }

    // MARK: All children

    private func change(_ offset: Int64, _ count: Int64, _ body: @escaping (Node) async throws(BlockError) -> Void)
        async throws(BlockError)
    {
        let edges = self.edges
        let outcomes = await onAll { (node, _) async throws(BlockError) in try await body(node) }
        for (edge, outcome) in zip(edges, outcomes) {
            if let outcome { reports.bad(.write, edge, outcome, offset, count) }
        }
        try checkSuccesses(outcomes, offset, count)
    }

    private func checkSuccesses(_ outcomes: [BlockError?], _ offset: Int64, _ count: Int64) throws(BlockError) {
        guard outcomes.count(where: { $0 == nil }) < behaviour.threshold else { return }
        reports.failure(offset, count)
        throw QuorumDriver.mostFrequent(outcomes) ?? .system(EIO)
    }

    private static func mostFrequent(_ outcomes: [BlockError?]) -> BlockError? {
        let errors = outcomes.compactMap { $0 }
        return errors.max { left, right in errors.count { $0.kind == left.kind } < errors.count { $0.kind == right.kind } }
    }

    private func onAll(_ body: @escaping (Node) async throws(BlockError) -> Void) async -> [BlockError?] {
        await onAll { (node, _) async throws(BlockError) in try await body(node) }
    }

    /// Asks all children at once.
    private func onAll(_ body: @escaping (Node, Int) async throws(BlockError) -> Void) async -> [BlockError?] {
        let gathering = QuorumGathering(count: edges.count)
        for (index, edge) in edges.enumerated().dropFirst() {
            let node = edge.node
            spawn {
                do throws(BlockError) {
                    try await body(node, index)
                    gathering.end(index, nil)
                } catch {
                    gathering.end(index, error)
                }
            }
        }
        if let first = edges.first?.node {
            do throws(BlockError) {
                try await body(first, 0)
                gathering.end(0, nil)
            } catch {
                gathering.end(0, error)
            }
        }
        return await gathering.all()
    }
}
