import Storage

/// Which options may be other ones when a node is reopened.
extension NodeSpec {
    /// Refuses that an option disappears which has no default to go back to.
    func checkReset(from old: NodeSpec) throws(BlockError) {
        let present = Set(ownOptions.map(\.name))
        let definition = old.driver.definition
        let mutable = Set(definition.mutableOptions).subtracting(definition.lastingOptions)
        for option in NodeFilename.inReferenceOrder(old.ownOptions) where !present.contains(option.name) && !mutable.contains(option.name) {
            guard option.name != "driver" && option.name != "node-name" else { continue }
            throw BlockError(.invalidOption, "Option '\(option.name)' cannot be reset to its default value")
        }
    }

    /// Refuses another value of an option that cannot change, options of children that have their own, and other children where a driver has
    /// one for good.
    func checkUnchanged(from old: NodeSpec, with present: PresentChildren) throws(BlockError) {
        let before = old.ownOptions
        let mutable = Set(driver.definition.mutableOptions)
        var mine = ownOptions.filter { !mutable.contains($0.name) }
        for slot in driver.definition.allChildren {
            switch slot.content {
            case .child(.inline(let spec)) where !present.inheriting.contains(slot.name):
                mine += spec.ownOptions.map { NodeFilename.Option(name: "\(slot.name).\($0.name)", value: $0.value) }
            case .child(.named(let name)) where !PresentChildren.changing.contains(slot.name) && present.names[slot.name] != name:
                mine.append(NodeFilename.Option(name: slot.name, value: .string(name)))
            default:
                continue
            }
        }
        for option in NodeFilename.inReferenceOrder(mine) where !before.contains(option) {
            throw BlockError(.invalidOption, "Cannot change the option '\(option.name)'")
        }
    }

    /// What was said of the node itself, without the options that every node may change.
    private var ownOptions: [NodeFilename.Option] {
        var options = [NodeFilename.Option(name: "driver", value: .string(driver.name))]
        if let nodeName { options.append(.init(name: "node-name", value: .string(nodeName))) }
        if let forceShare { options.append(.init(name: "force-share", value: .boolean(forceShare))) }
        options += emptyOptions.map { NodeFilename.Option(name: $0, value: .string("")) }
        return options + driver.definition.givenOptions
    }
}

/// The children that a node has before it is reopened, by the names that it has for them.
struct PresentChildren {
    /// Those that a node may exchange for another node.
    static let changing: Set<String> = ["backing", "file"]

    /// Their node-names.
    var names: [String: String] = [:]
    /// Those that were opened with the node, and change with it.
    var inheriting: Set<String> = []
}

extension DriverDefinition {
    /// All places for children that the options speak of.
    var allChildren: [ChildSlot] { children + lateChildren.filter { late in !children.contains { $0.name == late.name } } }
}
