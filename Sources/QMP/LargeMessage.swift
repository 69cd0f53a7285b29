import Dispatch
import JSON

/// A large message on its way through a queue beside the control queue. One queue at a time touches it.
final class LargeMessage: @unchecked Sendable {
    private var bytes: MessageBytes?
    private var request: Request?

    init(_ bytes: consuming MessageBytes) { self.bytes = consume bytes }

    func read(mode: SessionMode, style: JSONWriter.Style, dispatcher: any CommandDispatcher) {
        guard let bytes = bytes.take() else { return }
        let size = bytes.count
        do throws(JSONError) {
            request = Request(try bytes.parse(), size: size, mode: mode, style: style, dispatcher: dispatcher)
        } catch {
            request = Request(refused: error)
        }
    }

    /// The request, once.
    func takeRequest() -> Request? { request.take() }

    /// Frees what may be large where it delays nobody.
    func release(on queue: DispatchQueue) {
        queue.async { self.request = nil }
    }
}

/// Where large messages are parsed and large replies encoded. A session has one of a few queues, so that however many clients send large messages at once,
/// only so many are in the making: a message of small values takes some forty times its size while it is parsed.
enum LargeWork {
    private static let queues = (0..<4).map { DispatchQueue(label: "blockjobd.large.\($0)", qos: .userInitiated) }

    /// The queue of a session.
    static func queue(for session: SessionID) -> DispatchQueue { queues[Int(session.number % UInt64(queues.count))] }
}
