import BlockGraph
import QAPI
import QMP
import Storage

extension BlkdebugSpec {
    /// Options of `blkdebug`.
    init(_ options: BlockdevOptionsBlkdebug) throws(QMPError) {
        var limits = BlkdebugDriver.Limits()
        limits.align = options.align
        limits.maxTransfer = options.maxTransfer.map(Int64.init)
        limits.optWriteZero = options.optWriteZero.map(Int64.init)
        limits.maxWriteZero = options.maxWriteZero.map(Int64.init)
        limits.optDiscard = options.optDiscard.map(Int64.init)
        limits.maxDiscard = options.maxDiscard.map(Int64.init)
        let injections = options.injectError ?? []
        let changes = options.setState ?? []
        self.init(
            image: try ChildSpec(options.image), config: options.config,
            rules: injections.map(\.rule) + changes.map(\.rule), limits: limits,
            takes: LockSet(options.takeChildPerms ?? []), unshares: LockSet(options.unshareChildPerms ?? []),
            shownRules: injections.enumerated().flatMap { $0.element.shown(at: $0.offset) }
                + changes.enumerated().flatMap { $0.element.shown(at: $0.offset) })
    }
}

extension BlkdebugInjectErrorOptions {
    fileprivate var rule: BlkdebugRule {
        .inject(
            event: event.domain(), state: state ?? 0,
            BlkdebugRule.Injection(
                errno: Int32(clamping: errno ?? 5),
                offset: sector.flatMap { $0 < 0 ? nil : Int64(clamping: $0.multipliedFullWidth(by: 512).high == 0 ? $0 * 512 : .max) },
                request: iotype?.domain(), once: once ?? false, immediately: immediately ?? false))
    }

    fileprivate func shown(at index: Int) -> [NodeFilename.Option] {
        let values: [(String, NodeFilename.Value?)] = [
            ("event", .string(event.rawValue)), ("state", state.map { .signed($0) }), ("iotype", iotype.map { .string($0.rawValue) }),
            ("errno", errno.map { .signed($0) }), ("sector", sector.map { .signed($0) }), ("once", once.map { .boolean($0) }),
            ("immediately", immediately.map { .boolean($0) }),
        ]
        return values.compactMap { name, value in
            value.map { NodeFilename.Option(name: "inject-error.\(index).\(name)", value: $0) }
        }
    }
}

extension BlkdebugSetStateOptions {
    fileprivate var rule: BlkdebugRule { .setState(event: event.domain(), state: state ?? 0, newState: newState) }

    fileprivate func shown(at index: Int) -> [NodeFilename.Option] {
        let values: [(String, NodeFilename.Value?)] = [
            ("event", .string(event.rawValue)), ("state", state.map { .signed($0) }), ("new_state", .signed(newState)),
        ]
        return values.compactMap { name, value in
            value.map { NodeFilename.Option(name: "set-state.\(index).\(name)", value: $0) }
        }
    }
}

extension LockSet {
    /// Permissions by name.
    fileprivate init(_ permissions: [BlockPermission]) {
        self = permissions.reduce(into: LockSet()) { set, permission in
            switch permission {
            case .consistentRead: set.insert(.consistentRead)
            case .write: set.insert(.write)
            case .writeUnchanged: set.insert(.writeUnchanged)
            case .resize: set.insert(.resize)
            }
        }
    }
}
