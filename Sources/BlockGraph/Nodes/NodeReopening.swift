import Storage

/// A node's change to other options: the driver's, and around it what becomes of the node's persistent bitmaps.
///
/// They are stored while the image can still be written, and stay in memory as bitmaps that nobody changes; from the first step on, since what
/// changed after it was stored would be lost. When the image can be written again they go on.
final class NodeReopening: DriverReopening {
    private let node: Node
    private let step: DriverReopening
    /// Those that can be changed now and will not be.
    private let stored: [DirtyBitmap]
    private let becomesWritable: Bool

    private init(_ node: Node, _ step: DriverReopening, stored: [DirtyBitmap], becomesWritable: Bool) {
        self.node = node
        self.step = step
        self.stored = stored
        self.becomesWritable = becomesWritable
    }

    /// The first step.
    /// - Throws: what the driver refuses, or what storing bitmaps met; the node is then as it was.
    static func prepare(
        _ node: Node, as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> NodeReopening {
        let stored = options.readOnly ? node.bitmaps.filter { $0.isPersistent && !$0.isReadOnly } : []
        do throws(BlockError) {
            if !stored.isEmpty { try await node.driver.store(node.bitmaps) }
            for bitmap in stored { bitmap.isReadOnly = true }
            let step = try await node.driver.prepareReopen(as: definition, options, futureFile: futureFile)
            return NodeReopening(node, step, stored: stored, becomesWritable: node.traits.isReadOnly && !options.readOnly)
        } catch {
            for bitmap in stored { bitmap.isReadOnly = false }
            throw error
        }
    }

    override func begin() async throws(BlockError) { try await step.begin() }

    override func commit() async {
        await step.commit()
        if becomesWritable { await node.resumeBitmaps() }
    }

    override func abort() async {
        await step.abort()
        for bitmap in stored { bitmap.isReadOnly = false }
    }
}

extension Node {
    /// Lets bitmaps that could only be read be changed again. Where the image does not let itself be written all the same they stay as they are.
    fileprivate func resumeBitmaps() async {
        let waiting = bitmaps.filter(\.isReadOnly)
        guard !waiting.isEmpty else { return }
        do throws(BlockError) {
            try await driver.resumeBitmaps(waiting)
        } catch {
            return
        }
        for bitmap in waiting { bitmap.isReadOnly = false }
    }
}
