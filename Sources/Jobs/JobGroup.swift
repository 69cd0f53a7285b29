internal import Waiting

/// Jobs that end together, or, in `individual` mode, have nothing to do with each other; see `JobRegistry.makeGroup(completionMode:)`.
/// A job on its own is a group of one.
///
/// It outlives its members: who comes when they have been taken down must not begin anew. Unchecked: the registry alone touches what
/// changes, on its executor.
public final class JobGroup: @unchecked Sendable {
    /// How its jobs end.
    public let completionMode: CompletionMode
    /// Tells the groups of one registry apart.
    let serial: Int
    var machine = JobGroupMachine()
    /// Who waits for something in the life of a member, or for the end of all.
    let waiters = Waiters()

    init(completionMode: CompletionMode, serial: Int) {
        self.completionMode = completionMode
        self.serial = serial
    }
}
