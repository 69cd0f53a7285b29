/// Those who read a point in time through an overlay of its source, where old bytes are saved to that overlay.
///
/// Such a reader finds that the overlay has nothing at some place, and goes on to the source. Whatever is saved meanwhile, he may be reading there
/// still, so who overwrites the source lets him go first. He who comes after the saving finds the old bytes in the overlay.
///
/// Loop-bound.
public final class OverlayReaders {
    private var overlays: [Node] = []

    /// Nobody, until `begin`.
    public init() {}

    /// From here on readers are seen. Begun while no request reaches `source`, or those in flight are not.
    public func begin(target: Node, source: Node) {
        overlays = target.overlays(of: source)
        for overlay in overlays { overlay.keepOrder() }
    }

    /// Nobody is waited for any more.
    public func end() {
        for overlay in overlays { overlay.giveUpOrder() }
        overlays = []
    }

    /// Whether nobody reads there who began before this call.
    public func haveLeft(_ offset: Int64, _ count: Int64) -> Bool {
        overlays.allSatisfy { overlay in
            guard let token = overlay.ranges.tryAcquire(at: offset, count: count, mode: .exclusive) else { return false }
            overlay.ranges.release(token)
            return true
        }
    }

    /// Returns when all who read there now have ended. What was saved is on the target before this is called.
    public func leave(_ offset: Int64, _ count: Int64) async {
        for overlay in overlays {
            let token = await overlay.ranges.acquire(at: offset, count: count, mode: .exclusive)
            overlay.ranges.release(token)
        }
    }
}

extension Node {
    /// The images here and below that show `source` where they have nothing, without those that `source` stands on or that stand behind others.
    fileprivate func overlays(of source: Node) -> [Node] {
        var found: [Node] = []
        var pending = [self]
        while let node = pending.popLast() {
            for child in node.driver.children {
                if child.name != "backing" {
                    pending.append(child.node)
                } else if child.node.reaches(source) {
                    found.append(node)
                }
            }
        }
        return found
    }

    private func reaches(_ other: Node) -> Bool {
        var pending = [self]
        while let node = pending.popLast() {
            if node === other { return true }
            for child in node.driver.children { pending.append(child.node) }
        }
        return false
    }
}
