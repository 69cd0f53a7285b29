import Storage

/// Which options may be other ones when a node is reopened.
extension NodeSpec {
    /// Refuses that an option disappears which has no default to go back to.
    func checkReset(from old: NodeSpec) throws(BlockError) {
        let present = Set(ownOptions.map(\.name))
        let mutable = Set(old.driver.definition.mutableOptions)
        for option in NodeFilename.inReferenceOrder(old.ownOptions) where !present.contains(option.name) && !mutable.contains(option.name) {
            guard option.name != "driver" && option.name != "node-name" else { continue }
            throw BlockError(.invalidOption, "Option '\(option.name)' cannot be reset to its default value")
        }
    }

    /// Refuses another value of an option that cannot change, and options of children that have their own.
    func checkUnchanged(from old: NodeSpec, except inheriting: Set<String>) throws(BlockError) {
        let before = old.ownOptions
        let mutable = Set(driver.definition.mutableOptions)
        var mine = ownOptions.filter { !mutable.contains($0.name) }
        for slot in driver.definition.allChildren where !inheriting.contains(slot.name) {
            guard case .child(.inline(let spec)) = slot.content else { continue }
            mine += spec.ownOptions.map { NodeFilename.Option(name: "\(slot.name).\($0.name)", value: $0.value) }
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
        return options + driver.definition.givenOptions
    }
}

extension DriverDefinition {
    /// All places for children that the options speak of.
    var allChildren: [ChildSlot] { children + lateChildren.filter { late in !children.contains { $0.name == late.name } } }
}
