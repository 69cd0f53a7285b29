import Storage

/// All drivers by name: what is known of one before there is a node of it. Beside a driver's own folder, its form on the wire and the schema, this is the
/// only place that names drivers.
enum DriverCatalogue {
    /// What images of a format are to an overlay.
    enum Images: Equatable {
        /// They may name a backing file.
        case withBackingFile
        /// They cannot.
        case withoutBackingFile
        /// There are none: the driver makes nothing that could be opened again.
        case none
    }

    /// What else than a node itself may take the place of a copy of it.
    enum Replacement: Equatable {
        /// What a filter shows as it is.
        case filtered
        /// Any child: all have the same bytes.
        case anyChild
        /// One child, which then has the bytes that the vote gave.
        case voter
    }

    /// The format of overlays when none is given.
    static let usualOverlay = "qcow2"

    /// What a driver's images are to an overlay; nil for an unknown driver.
    static func images(of driver: String) -> Images? {
        switch driver {
        case "qcow2": .withBackingFile
        case "raw", "file", "host_device": .withoutBackingFile
        case "null-co", "null-aio", "throttle", "copy-on-read", "preallocate", "compress", "copy-before-write", "snapshot-access", "quorum",
            "blkdebug", "blkverify":
            Images.none
        default: nil
        }
    }

    /// What may take the place of a copy of a node of this driver.
    static func replacement(below driver: String) -> Replacement {
        switch driver {
        case "quorum": .voter
        case "blkverify": .anyChild
        default: .filtered
        }
    }

    /// A node of the format that is called so, over a file; without a name it is found out when the file is open.
    static func format(_ name: String?, over file: DriverSpec) throws(BlockError) -> DriverSpec {
        let child = ChildSpec.inline(NodeSpec(driver: file))
        switch name {
        case nil: return .probed(over: child)
        case "raw"?: return .raw(RawSpec(file: child))
        case "qcow2"?: return .qcow2(Qcow2Spec(file: child))
        case "file"?, "host_device"?, "null-co"?, "null-aio"?: return file
        case let other?: throw BlockError(.invalidOption, "Unknown driver '\(other)'")
        }
    }

    /// The node of a protocol driver that was given as the format of the image at `path`; nil for a driver of another kind.
    static func protocolNode(called driver: String?, at path: String) throws(BlockError) -> DriverSpec? {
        let plain = path.hasPrefix("\(driver ?? ""):") ? ImagePath.afterProtocol(path) : path
        switch driver {
        case "file"?: return .file(FileSpec(filename: plain))
        case "host_device"?: return .hostDevice(FileSpec(filename: plain))
        case let null? where NullDefinition.names.contains(null): return try .null(null, named: path)
        default: return nil
        }
    }

    /// What a name leads to: `path`, `file:path`, `host_device:path` or `null-co://`.
    enum Place: Equatable {
        /// A file, or a device where there is one.
        case path(String)
        /// A protocol driver of its own.
        case node(DriverSpec)
    }

    /// Reads a name.
    /// - Parameter stores: what is written there is to be read again.
    /// - Throws: `Unknown protocol 'p'`.
    static func place(of name: String, stores: Bool = false) throws(BlockError) -> Place {
        switch ImagePath.protocolName(of: name) {
        case nil: return .path(name)
        case "file"?: return .path(ImagePath.afterProtocol(name))
        case "host_device"?: return .node(.hostDevice(FileSpec(filename: ImagePath.afterProtocol(name))))
        case let null? where !stores && NullDefinition.names.contains(null): return .node(try .null(null, named: name))
        case let other?: throw BlockError(.invalidOption, "Unknown protocol '\(other)'")
        }
    }

    /// A host file, or a device.
    static func host(_ path: String, isDevice: Bool = false) -> DriverSpec {
        isDevice ? .hostDevice(FileSpec(filename: path)) : .file(FileSpec(filename: path))
    }
}
