/// What a connection is doing, in each direction, as a value: it decides, and `Connection` acts.
struct ConnectionMachine: Hashable {
    /// Bytes from the client.
    enum Input: Hashable {
        /// The source reports them.
        case watched
        /// The queue looks for them itself, and the source rests; see `Attention`.
        case attended
        /// The owner wants none.
        case paused
        /// The client sends nothing more.
        case ended
    }

    /// Bytes to the client.
    enum Output: Hashable {
        /// What waits is written by the next flush.
        case free
        /// The client takes nothing at this moment; its descriptor is watched for when it does.
        case blocked
    }

    /// How much waits for the client.
    enum Load: Hashable {
        case normal
        /// So much that the owner is to begin nothing new, until half of that is left.
        case congested
    }

    /// How far the end has come.
    enum Life: Hashable {
        case open
        /// The connection ends when everything that waits is written.
        case finishing
        case over
    }

    private(set) var input = Input.watched
    private(set) var output = Output.free
    private(set) var load = Load.normal
    private(set) var life = Life.open

    /// Whether nothing happens any more.
    var isOver: Bool { life == .over }
    /// Whether bytes are taken that have come.
    var mayRead: Bool { life != .over && (input == .watched || input == .attended) }

    // MARK: Input

    /// The owner wants no more bytes.
    /// - Returns: who has reported them until now; nil when nothing changes.
    mutating func pause() -> Input? {
        guard mayRead else { return nil }
        defer { input = .paused }
        return input
    }

    /// The owner wants bytes again.
    /// - Returns: whether they are to be reported now.
    mutating func resume() -> Bool {
        guard input == .paused else { return false }
        input = .watched
        return life != .over
    }

    /// The queue looks for the client's bytes itself.
    mutating func attend() {
        if mayRead { input = .attended }
    }

    /// The queue does so no more.
    /// - Returns: whether the source is to report them.
    mutating func stopAttending() -> Bool {
        guard input == .attended else { return false }
        input = .watched
        return life != .over
    }

    /// The client sends nothing more.
    /// - Returns: who has reported its bytes until now.
    mutating func endInput() -> Input {
        defer { input = .ended }
        return input
    }

    // MARK: Output

    /// The client took nothing.
    mutating func block() {
        if life != .over { output = .blocked }
    }

    /// The client takes something again.
    mutating func unblock() { output = .free }

    /// Takes note of how much waits.
    /// - Parameter limit: beyond so many bytes the connection is congested.
    /// - Returns: the load, when it has changed.
    mutating func setWaiting(_ bytes: Int, congestion limit: Int) -> Load? {
        let now: Load = bytes > (load == .congested ? limit / 2 : limit) ? .congested : .normal
        guard now != load, life != .over else { return nil }
        load = now
        return now
    }

    // MARK: End

    /// Ends the connection when everything is written.
    mutating func finish() {
        if life == .open { life = .finishing }
    }

    /// Ends the connection.
    /// - Returns: who has reported the client's bytes until now; nil when it was over.
    mutating func end() -> Input? {
        guard life != .over else { return nil }
        life = .over
        return input
    }
}
