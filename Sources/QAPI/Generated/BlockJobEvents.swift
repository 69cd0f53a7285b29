// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What a failed request led to.
public enum BlockErrorAction: String, QAPIEnum {
    /// It was passed over.
    case ignore = "ignore"
    /// The job fails.
    case report = "report"
    /// The job waits for `job-resume`.
    case stop = "stop"
}

/// A block job has ended, well or with an error.
public struct BlockJobCompletedEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_JOB_COMPLETED"
    /// Whether there is data.
    public static let hasData = true

    /// What it did.
    public var type: JobType
    /// Its name.
    public var device: String
    /// Bytes there were to do.
    public var len: Int64
    /// Bytes done; equals `len` after success.
    public var offset: Int64
    /// Its limit in bytes a second; 0 is none.
    public var speed: Int64
    /// Why it failed.
    public var error: String?

    /// Makes a value from its members.
    public init(
        type: JobType,
        device: String,
        len: Int64,
        offset: Int64,
        speed: Int64,
        error: String? = nil
    ) {
        self.type = type
        self.device = device
        self.len = len
        self.offset = offset
        self.speed = speed
        self.error = error
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        type = try reader.required("type")
        device = try reader.required("device")
        len = try reader.required("len")
        offset = try reader.required("offset")
        speed = try reader.required("speed")
        error = try reader.optional("error")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("device", device)
        writer.member("len", len)
        writer.member("offset", offset)
        writer.member("speed", speed)
        writer.member("error", ifPresent: error)
    }
}

/// A block job has ended because it was cancelled.
public struct BlockJobCancelledEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_JOB_CANCELLED"
    /// Whether there is data.
    public static let hasData = true

    /// What it did.
    public var type: JobType
    /// Its name.
    public var device: String
    /// Bytes there were to do.
    public var len: Int64
    /// Bytes done.
    public var offset: Int64
    /// Its limit in bytes a second; 0 is none.
    public var speed: Int64

    /// Makes a value from its members.
    public init(
        type: JobType,
        device: String,
        len: Int64,
        offset: Int64,
        speed: Int64
    ) {
        self.type = type
        self.device = device
        self.len = len
        self.offset = offset
        self.speed = speed
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        type = try reader.required("type")
        device = try reader.required("device")
        len = try reader.required("len")
        offset = try reader.required("offset")
        speed = try reader.required("speed")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("device", device)
        writer.member("len", len)
        writer.member("offset", offset)
        writer.member("speed", speed)
    }
}

/// A request of a block job has failed.
public struct BlockJobErrorEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_JOB_ERROR"
    /// Whether there is data.
    public static let hasData = true

    /// The job.
    public var device: String
    /// What the request wanted.
    public var operation: IoOperationType
    /// What it leads to.
    public var action: BlockErrorAction

    /// Makes a value from its members.
    public init(
        device: String,
        operation: IoOperationType,
        action: BlockErrorAction
    ) {
        self.device = device
        self.operation = operation
        self.action = action
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        operation = try reader.required("operation")
        action = try reader.required("action")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("operation", operation)
        writer.member("action", action)
    }
}

/// A block job has caught up and can be completed.
public struct BlockJobReadyEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_JOB_READY"
    /// Whether there is data.
    public static let hasData = true

    /// What it does.
    public var type: JobType
    /// Its name.
    public var device: String
    /// Bytes there are to do.
    public var len: Int64
    /// Bytes done.
    public var offset: Int64
    /// Its limit in bytes a second; 0 is none.
    public var speed: Int64

    /// Makes a value from its members.
    public init(
        type: JobType,
        device: String,
        len: Int64,
        offset: Int64,
        speed: Int64
    ) {
        self.type = type
        self.device = device
        self.len = len
        self.offset = offset
        self.speed = speed
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        type = try reader.required("type")
        device = try reader.required("device")
        len = try reader.required("len")
        offset = try reader.required("offset")
        speed = try reader.required("speed")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("device", device)
        writer.member("len", len)
        writer.member("offset", offset)
        writer.member("speed", speed)
    }
}

/// A block job waits for `job-finalize`.
public struct BlockJobPendingEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_JOB_PENDING"
    /// Whether there is data.
    public static let hasData = true

    /// What it does.
    public var type: JobType
    /// Its name.
    public var id: String

    /// Makes a value from its members.
    public init(
        type: JobType,
        id: String
    ) {
        self.type = type
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        type = try reader.required("type")
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("id", id)
    }
}
