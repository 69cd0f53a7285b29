import ImageFormats
import Storage
import TestSupport

/// Checks images that a storm has left.
enum StormImages {
    /// What is wrong with a qcow2 image; nil when it is sound.
    static func fault(in image: [UInt8]) async throws -> String? {
        guard case .header(let header) = try Qcow2Header.parse(image) else { return "no header" }
        try header.validate(for: .checking)
        let disk = SimulatedStorage(seed: 1, contents: image)
        let result = try await Qcow2Checker.check(file: disk, header: header)
        return result.corruptions == 0 ? nil : "\(result.corruptions) corruptions"
    }
}
