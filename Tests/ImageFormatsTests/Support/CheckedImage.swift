import Glibc
import ImageFormats
import Storage
import TestSupport

/// What `qemu-img check --output=json` says.
struct CheckNumbers: Equatable, CustomStringConvertible {
    var corruptions = 0
    var leaks = 0
    var checkErrors = 0
    var corruptionsFixed = 0
    var leaksFixed = 0
    var imageEnd: Int64 = 0
    var total: Int64 = 0
    var allocated: Int64 = 0
    var fragmented: Int64 = 0
    var compressed: Int64 = 0

    var description: String {
        "corruptions \(corruptions), leaks \(leaks), errors \(checkErrors), fixed \(corruptionsFixed)+\(leaksFixed), "
            + "end \(imageEnd), \(allocated)/\(total) allocated, \(fragmented) fragmented, \(compressed) compressed"
    }

    init(_ result: Qcow2CheckResult) {
        corruptions = result.corruptions
        leaks = result.leaks
        checkErrors = result.checkErrors
        corruptionsFixed = result.corruptionsFixed
        leaksFixed = result.leaksFixed
        imageEnd = result.imageEndOffset
        total = result.totalClusters
        allocated = result.allocatedClusters
        fragmented = result.fragmentedClusters
        compressed = result.compressedClusters
    }

    init(json: WireValue) {
        func number(_ name: String) -> Int { json[name]?.integer ?? 0 }
        corruptions = number("corruptions")
        leaks = number("leaks")
        checkErrors = number("check-errors")
        corruptionsFixed = number("corruptions-fixed")
        leaksFixed = number("leaks-fixed")
        imageEnd = Int64(number("image-end-offset"))
        total = Int64(number("total-clusters"))
        allocated = Int64(number("allocated-clusters"))
        fragmented = Int64(number("fragmented-clusters"))
        compressed = Int64(number("compressed-clusters"))
    }
}

extension QemuTools {
    /// The reference's check; nil when it could not check the image.
    func check(_ name: String, repair: String? = nil) throws -> CheckNumbers? {
        let repairing = repair.map { ["-r", $0] } ?? []
        let output = try run("qemu-img", ["check", "-f", "qcow2", "--output=json"] + repairing + [name], allowed: [0, 1, 2, 3])
        guard output.contains("{") else { return nil }
        return CheckNumbers(json: try WireParser.parse(output))
    }

    /// Makes a file of these bytes.
    func write(_ bytes: [UInt8], to name: String) throws {
        let descriptor = open(path(name), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WireFailure("cannot make \(name): errno \(errno)") }
        defer { close(descriptor) }
        var position = 0
        while position < bytes.count {
            let count = bytes[position...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw WireFailure("cannot fill \(name): errno \(errno)") }
            position += count
        }
    }
}

extension Qcow2Header {
    /// The header of an image that is there as bytes, validated for checking.
    init(image: [UInt8]) throws(BlockError) {
        var available = 104
        while true {
            let padding = [UInt8](repeating: 0, count: max(0, available - image.count))
            switch try Qcow2Header.parse(Array(image.prefix(available)) + padding) {
            case .header(let header):
                try header.validate(for: .checking)
                self = header
                return
            case .needs(let bytes): available = bytes
            }
        }
    }
}

/// Our check of an image that is there as bytes.
/// - Returns: nil when it could not be checked; and the image as it is afterwards.
func check(_ image: [UInt8], repair: Qcow2Repair = .none) async throws -> (result: Qcow2CheckResult?, image: [UInt8]) {
    let disk = SimulatedStorage(seed: 1, contents: image)
    do {
        let result = try await Qcow2Checker.check(file: disk, header: try Qcow2Header(image: image), repair: repair)
        return (result, disk.contents)
    } catch {
        guard error.kind == .invalidImage else { throw error }
        return (nil, disk.contents)
    }
}
