import UnixSocket

/// Which chardev gets which socket of the service manager.
enum PassedSockets {
    /// Each listening chardev gets the socket of its name. A single socket whose name is no chardev's goes to the first.
    /// - Throws: when a socket is left over.
    static func assign(_ sockets: [ActivatedSockets.Socket], to chardevs: [String]) throws(StartFailure) -> [String: Int32] {
        var result: [String: Int32] = [:]
        for socket in sockets {
            let name = socket.name ?? ""
            if chardevs.contains(name) {
                guard result.updateValue(socket.descriptor, forKey: name) == nil else {
                    throw StartFailure("two passed sockets are named '\(name)'")
                }
            } else if sockets.count == 1, let first = chardevs.first {
                result[first] = socket.descriptor
            } else {
                throw StartFailure("the passed socket '\(name)' (descriptor \(socket.descriptor)) has the name of no listening chardev")
            }
        }
        return result
    }
}
