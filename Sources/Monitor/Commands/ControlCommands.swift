import QAPI

extension CommandTable {
    /// What the daemon is and what it can do, and its end. (`qmp_capabilities` is the session's own.)
    mutating func registerControlCommands(on monitor: StorageMonitor) {
        register(QueryVersion.self, on: monitor) { _, monitor in monitor.surroundings.version }
        register(QueryCommands.self, on: monitor) { _, _ in SchemaCommands.names.map { CommandInfo(name: $0) } }
        register(QueryQMPSchema.self, on: monitor) { _, _ in Introspection() }
        register(
            Quit.self, on: monitor, waiting: { _, monitor in await monitor.surroundings.beforeQuit() },
            replied: { $0.surroundings.quit() })
    }
}
