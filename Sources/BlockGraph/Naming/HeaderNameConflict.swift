import Storage

/// Options of a backing child beside a name in the image's header. QEMU makes that name the child's own, unless the options have a `file.filename`:
/// it goes down to the node that takes a name, and what has a name already, or is a node that exists, cannot be given another.
extension ChildSpec {
    /// Refuses what cannot take the header's name.
    /// - Throws: in QEMU's words.
    func check(besideHeaderName name: String) throws(BlockError) {
        guard case .inline(let spec) = self, !spec.namesItsFile else { return }
        try spec.check(taking: name)
    }
}

extension NodeSpec {
    fileprivate var namesItsFile: Bool {
        guard case .child(.inline(let file))? = driver.definition.children.first(where: { $0.name == "file" })?.content else {
            return false
        }
        return file.driver.definition is FileDefinition
    }

    /// The children that take the name of their parent: those of formats and most filters, of `blkdebug`, and of `blkverify`.
    private static let named = ["file", "image", "test"]

    fileprivate func check(taking name: String) throws(BlockError) {
        let definition = driver.definition
        if definition is FileDefinition {
            throw BlockError(.invalidOption, "Can't specify 'file' and 'filename' options at the same time")
        }
        if let null = definition as? NullDefinition { return try null.check(name: name) }
        guard let slot = definition.children.first(where: { Self.named.contains($0.name) }) else {
            throw BlockError(.invalidOption, "Block format '\(definition.name)' does not support the option 'file'")
        }
        guard case .child(.inline(let below)) = slot.content else {
            throw BlockError(.invalidOption, "Cannot reference an existing block device with additional options or a new filename")
        }
        try below.check(taking: name)
    }
}
