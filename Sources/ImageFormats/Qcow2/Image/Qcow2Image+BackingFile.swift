internal import Glibc
public import Storage

extension Qcow2Image {
    /// Changes which backing file the header names. What unallocated clusters show (`backing`) is the owner's to change.
    /// - Parameters:
    ///   - name: the file's name, at most 1023 bytes; nil for none.
    ///   - format: the format's name, at most 15 bytes; nil for none.
    /// - Throws: EINVAL for a name that is too long, or beside a raw data file; ENOSPC when it does not fit into the header; what the storage
    ///   throws.
    public func setBackingFile(name: String?, format: String?) async throws(BlockError) {
        try checkWritable()
        if let name {
            guard name.utf8.count <= Qcow2Limits.maxBackingFileName, !name.utf8.contains(0), !header.isDataFileRaw else {
                throw .system(EINVAL)
            }
        }
        guard (format?.utf8.count ?? 0) <= Qcow2Limits.maxBackingFormatName else { throw .system(EINVAL) }
        try await updateHeader { header in
            header.backingFile = name
            header.backingFormat = format
        }
    }
}
