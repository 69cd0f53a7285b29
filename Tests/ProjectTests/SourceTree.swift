import Glibc

/// The package's own files, found from where this file was compiled.
enum SourceTree {
    /// The package's folder.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    /// The names of the folders in a folder of the package, sorted.
    static func folders(in path: String) -> [String] {
        entries("\(root)/\(path)").filter { isFolder("\(root)/\(path)/\($0)") }
    }

    /// Every file below a folder of the package whose name ends so, as paths within the package, sorted.
    static func files(in path: String, ending suffix: String) -> [String] {
        entries("\(root)/\(path)").flatMap { name -> [String] in
            let inner = "\(path)/\(name)"
            if isFolder("\(root)/\(inner)") { return files(in: inner, ending: suffix) }
            return name.hasSuffix(suffix) ? [inner] : []
        }
    }

    /// A file's lines, or none when there is no such file.
    static func lines(of path: String) -> [Substring] {
        text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// A file's text, or nothing when there is no such file.
    static func text(of path: String) -> String {
        guard let file = fopen("\(root)/\(path)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }

    private static func entries(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
