import BlockGraph
import QAPI
import QMP

extension RawSpec {
    /// Options of `raw`. A negative number turns into one beyond any file, which is refused as negative in its turn.
    init(_ options: BlockdevOptionsRaw) throws(QMPError) {
        self.init(
            file: try ChildSpec(options.file), offset: options.offset.map(UInt64.init(bitPattern:)),
            size: options.size.map(UInt64.init(bitPattern:)))
    }
}
