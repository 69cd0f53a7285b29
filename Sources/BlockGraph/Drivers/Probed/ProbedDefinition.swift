import IOLoop
import Storage

extension DriverSpec {
    /// An image whose format is found out when its file is open: only for names in headers that say no format.
    public static func probed(over file: ChildSpec) -> DriverSpec { DriverSpec(ProbedDefinition(file: file)) }
}

/// Stands for a format until its file is open. No node has this driver.
struct ProbedDefinition: DriverDefinition {
    let file: ChildSpec

    var name: String { "probed" }
    var namesChildren: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .image, file)] }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        throw BlockError(.unsupported, "The image's format has not been found out")
    }

    /// What the image is, by its first bytes.
    func definition(for format: ProbedFormat) throws(BlockError) -> any DriverDefinition {
        switch format {
        case .qcow2: return Qcow2Definition(spec: Qcow2Spec(file: file))
        case .raw: return RawDefinition(spec: RawSpec(file: file), isProbed: true)
        case .other(let name): throw BlockError(.unsupported, "Unknown driver '\(name)'")
        }
    }
}

/// What an image looks like.
enum ProbedFormat: Equatable, Sendable {
    case raw, qcow2
    /// A format that QEMU knows and this daemon does not: taking it for a raw image would show its metadata to a guest.
    case other(String)

    /// How many bytes must be looked at.
    static let length = 2048

    /// Looks at an image's first bytes, padded with zeroes.
    init(_ bytes: [UInt8]) {
        func has(_ text: String, at offset: Int = 0) -> Bool {
            bytes.count >= offset + text.utf8.count && bytes[offset..<offset + text.utf8.count].elementsEqual(text.utf8)
        }
        if bytes.count >= 8, bytes[0..<4].elementsEqual([0x51, 0x46, 0x49, 0xfb]) {
            self = bytes[4..<8].elementsEqual([0, 0, 0, 1]) ? .other("qcow") : .qcow2
        } else if has("KDMV") || has("COWD") || has("# Disk DescriptorFile") {
            self = .other("vmdk")
        } else if has("vhdxfile") {
            self = .other("vhdx")
        } else if has("conectix") {
            self = .other("vpc")
        } else if has("QED\0") {
            self = .other("qed")
        } else if bytes.prefix(6).elementsEqual([0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]) {
            self = .other("luks")
        } else if has("WithoutFreeSpace") || has("WithouFreSpacExt") {
            self = .other("parallels")
        } else if bytes.count >= 68, bytes[64..<68].elementsEqual([0x7f, 0x10, 0xda, 0xbe]) {
            self = .other("vdi")
        } else {
            self = .raw
        }
    }
}
