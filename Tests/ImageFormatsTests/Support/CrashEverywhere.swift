import ImageFormats
import Storage
import TestSupport
import Testing

/// Does `work` to an image over and over, the machine dying after one more write each time, and looks at what comes back for each way to lose
/// what was not flushed: sound (after the repair that the dirty bit asks for), leaks allowed, and as `judge` wants it.
/// - Parameters:
///   - needsRepair: whether flags may be wrong without a dirty bit, as in version 2.
///   - judge: what is wrong with an image that came back, opened for reading.
/// - Returns: how many images were judged.
@discardableResult
func crashEverywhere(
    _ image: [UInt8], subsets: Int = 4, needsRepair: Bool = false, step: Int = 1, work: (Qcow2Image) async throws -> Void,
    judge: (Qcow2Image) async throws -> String?
) async throws -> Int {
    var judged = 0
    var writes = 0
    while true {
        let disk = SimulatedStorage(seed: UInt64(writes), contents: image)
        let opened = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
        disk.changesUntilDeath = writes
        var isDone = true
        do { try await work(opened) } catch { isDone = false }
        for loss in disk.losses(subsets: subsets) {
            let survivor = disk.survivor(loss).contents
            if let complaint = try await complaint(about: survivor, needsRepair, judge) {
                Issue.record("\(complaint), write \(writes), \(loss)")
                return judged
            }
            judged += 1
        }
        if isDone { return judged }
        writes += step
    }
}

private func complaint(
    about survivor: [UInt8], _ needsRepair: Bool, _ judge: (Qcow2Image) async throws -> String?
) async throws -> String? {
    var contents = survivor
    let isDirty = contents[7] == 3 && contents[79] & 1 != 0
    if isDirty || needsRepair {
        let repaired = try await check(contents, repair: .all)
        guard repaired.result?.corruptions == 0 else { return "cannot be repaired: \(repaired.result?.findings ?? [])" }
        contents = repaired.image
    }
    let found = try await check(contents).result
    guard found?.isComplete == true, found?.corruptions == 0 else { return "corrupt: \(found?.findings.prefix(5) ?? [])" }
    return try await judge(try await Qcow2Image.open(contents))
}

/// A disk's contents that tell where they belong: 512-byte sectors of one tag.
func tagged(_ tag: UInt8, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 >> 9) &+ tag &* 37 | 1 }
}

extension Qcow2Image {
    /// Writes an array.
    func put(_ bytes: [UInt8], at offset: Int64) async throws { try await write(at: GuestOffset(offset), array: bytes) }

    /// All of the virtual disk.
    func everything() async throws -> [UInt8] { try await bytes(at: 0, count: Int(length)) }
}

/// A new image that is open for writing, on storage that the test can look at.
func newImage(_ options: Qcow2CreateOptions, seed: UInt64 = 1) async throws -> (image: Qcow2Image, disk: SimulatedStorage) {
    let disk = SimulatedStorage(seed: seed, length: 0)
    try await Qcow2Creation.create(in: disk, options: options)
    return (try await Qcow2Image.open(file: disk, offload: DispatchOffload()), disk)
}

/// Expects `qemu-img check` to find nothing wrong with an image, and no leaks.
func expectSound(_ image: [UInt8], _ context: Comment? = nil, location: SourceLocation = #_sourceLocation) async throws {
    let found = try await BlockingWork.shared.run {
        let tools = try QemuTools()
        try tools.put("i", image)
        // The backing file of those that name one.
        try tools.directory.makeFile("b", size: 1 << 20)
        return try tools.run("qemu-img", ["check", "-f", "qcow2", "i"], allowed: [0, 1, 2, 3])
    }
    #expect(found.contains("No errors were found"), context, sourceLocation: location)
}
