internal import Glibc
internal import IOLoop

/// What opening a path yields. Made on the pool.
struct Opened: Sendable {
    let file: OpenFile
    let status: HostCall.Status
    let length: Int64
    let alignment: DirectAlignment

    static func open(_ path: String, options: HostFileOptions) throws(BlockError) -> Opened {
        let file = try OpenFile.open(
            path, within: options.roots, writable: options.access == .readWrite, direct: options.direct,
            isDevice: options.driver == .hostDevice)
        if options.asyncIO == .native && !options.direct {
            throw BlockError(
                .invalidOption, "aio=native was specified, but it requires cache.direct=on, which was not specified.")
        }
        let status: HostCall.Status
        switch HostCall.status(file.descriptor) {
        case .success(let found): status = found
        case .failure(.system(let errno)): throw .system(errno, "Could not stat file")
        }
        try checkKind(status.kind, path: path, driver: options.driver)
        let alignment =
            options.direct ? try DirectAlignment.probe(file.descriptor) : DirectAlignment(request: 1, memory: 1)
        return Opened(file: file, status: status, length: try length(of: file, status), alignment: alignment)
    }

    private static func checkKind(_ kind: HostCall.Status.Kind, path: String, driver: HostFileOptions.Driver) throws(BlockError) {
        switch (driver, kind) {
        case (.file, .regular), (.hostDevice, .blockDevice), (.hostDevice, .characterDevice): return
        case (.file, _):
            throw BlockError(.invalidOption, "'\(driver.rawValue)' driver requires '\(path)' to be a regular file")
        case (.hostDevice, _):
            throw BlockError(
                .invalidOption, "'\(driver.rawValue)' driver requires '\(path)' to be either a character or block device")
        }
    }

    /// The length in bytes. Files of procfs and sysfs have none, whatever their status says: the kernel refuses to look for the end.
    static func length(of file: OpenFile, _ status: HostCall.Status) throws(BlockError) -> Int64 {
        switch status.kind {
        case .blockDevice:
            let length = HostCall.deviceLength(file.descriptor)
            guard length >= 0 else { throw .system(Int32(-length), "Could not refresh total sector count") }
            return length
        case .regular, .characterDevice, .directory, .other:
            let length = HostCall.seek(file.descriptor, 0, whence: SEEK_END)
            guard length >= 0 else { throw .system(Int32(-length), "Could not refresh total sector count") }
            return length
        }
    }
}
