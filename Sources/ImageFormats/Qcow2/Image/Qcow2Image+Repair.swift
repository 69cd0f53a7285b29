internal import Glibc
internal import Storage

extension Qcow2Image {
    /// Makes the refcounts of an image that was not closed properly right again, before anything is written to it.
    ///
    /// What is still wrong afterwards was wrong before, and keeps the dirty bit.
    /// - Throws: `.invalidImage` or EIO when not even that is possible.
    func repairRefcounts() async throws(BlockError) {
        let result: Qcow2CheckResult
        do throws(BlockError) {
            result = try await Qcow2Checker.check(file: file, header: header, repair: .all)
        } catch {
            throw error.within("Could not repair dirty image")
        }
        guard result.isComplete && result.checkErrors == 0 else { throw .system(EIO, "Could not repair dirty image") }
        try await reload()
    }
}
