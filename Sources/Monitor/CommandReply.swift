import JSON
import QAPI
import QMP

extension CommandReply {
    /// The reply that a handler's value or error makes.
    init<Value: JSONEncodable & Sendable>(in context: CommandContext, _ body: () throws -> Value) {
        do {
            let value = try body()
            if Value.self == EmptyReply.self {
                self = .empty
            } else if Value.self is any SizedReply.Type, let list = value as? any SizedReply, list.expectedSize > Self.large {
                self = .deferred { style in value.encoded(style) }
            } else {
                self = .value(value, in: context)
            }
        } catch {
            self = .failure(QMPError(error))
        }
    }

    /// Replies expected to be longer than this many bytes are encoded off the control plane.
    private static let large = 64 << 10
}

/// A reply that can tell roughly how long it will be, without being encoded.
private protocol SizedReply {
    var expectedSize: Int { get }
}

extension Array: SizedReply where Element: QAPIObject {
    /// A job takes about 150 bytes.
    fileprivate var expectedSize: Int { count * 160 }
}
