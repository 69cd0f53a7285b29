/// What every block job takes when it starts.
public struct BlockJobOptions: Sendable, Equatable {
    /// The job's id; nil names it like the device, which a node without a device has not, so it is refused as the empty id is.
    public var id: String?
    /// The speed limit in bytes a second; 0 is none, a negative one is refused.
    public var speed: Int64
    /// Finalized without being asked once all is copied.
    public var autoFinalize: Bool
    /// Forgotten without being asked once concluded.
    public var autoDismiss: Bool

    /// Makes options; the defaults are those of the wire.
    public init(id: String? = nil, speed: Int64 = 0, autoFinalize: Bool = true, autoDismiss: Bool = true) {
        self.id = id
        self.speed = speed
        self.autoFinalize = autoFinalize
        self.autoDismiss = autoDismiss
    }
}

/// Which part of the source is copied at first. The raw values are the wire's.
public enum SyncMode: String, Sendable, CaseIterable {
    /// What the topmost image holds itself; all of it where there is no backing image.
    case top
    /// All of it.
    case full
    /// Nothing: only what is written (mirror) or about to be overwritten (backup) from now on.
    case none
    /// What a bitmap marks, which is cleared on success.
    case incremental
    /// What a bitmap marks.
    case bitmap
}

/// What becomes of a backup's bitmap. The raw values are the wire's.
public enum BitmapSyncMode: String, Sendable, CaseIterable {
    /// Cleared when the backup succeeds.
    case onSuccess = "on-success"
    /// Kept as it is.
    case never
    /// Cleared of what was copied, even if the backup fails.
    case always
}

/// How a mirror treats the writes of others. The raw values are the wire's.
public enum MirrorCopyMode: String, Sendable, CaseIterable {
    /// They are noted as dirty and copied later.
    case background
    /// They reach the target before they are acknowledged.
    case writeBlocking = "write-blocking"
}
