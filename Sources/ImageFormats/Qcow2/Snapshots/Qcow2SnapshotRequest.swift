/// What is known of a snapshot that is to be taken.
public struct Qcow2SnapshotRequest: Sendable, Equatable {
    /// Its name: at most 65535 bytes. Names need not be unique.
    public var name: String
    /// When it is taken, in seconds since 1970.
    public var dateSeconds: UInt32
    /// The nanoseconds to that: 0...999999999.
    public var dateNanoseconds: UInt32
    /// How long the guest has run, in nanoseconds.
    public var vmClock: UInt64
    /// Bytes of VM state that were written with `writeVMState`; 0 for the disk alone.
    public var vmStateSize: UInt64
    /// The guest's instruction count; nil for none.
    public var instructionCount: UInt64?

    /// Makes a request.
    public init(
        name: String, dateSeconds: UInt32, dateNanoseconds: UInt32 = 0, vmClock: UInt64 = 0, vmStateSize: UInt64 = 0,
        instructionCount: UInt64? = nil
    ) {
        self.name = name
        self.dateSeconds = dateSeconds
        self.dateNanoseconds = dateNanoseconds
        self.vmClock = vmClock
        self.vmStateSize = vmStateSize
        self.instructionCount = instructionCount
    }
}
