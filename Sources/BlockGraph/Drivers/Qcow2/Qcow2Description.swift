import ImageFormats

extension ImageDetails {
    /// What an open image tells of itself; from memory.
    init(_ image: Qcow2Image, directory: String?) {
        self.init()
        let header = image.header
        isDirty = header.incompatible.contains(.dirty)
        clusterSize = Int64(image.geometry.clusterSize)
        backingFilename = header.backingFile.flatMap { $0.isEmpty ? nil : $0 }
        fullBackingFilename = backingFilename.flatMap { name in
            ImagePath.isAbsolute(name) ? name : directory.map { $0 + name }
        }
        backingFormat = header.backingFormat
        format = .qcow2(Qcow2Details(image))
    }
}

extension Qcow2Details {
    fileprivate init(_ image: Qcow2Image) {
        let header = image.header
        self.init(
            version: Int(header.version), refcountBits: 1 << Int(header.refcountOrder),
            compression: header.compression == .zstd ? .zstd : .zlib,
            dataFile: header.needsDataFile ? header.dataFileName : nil, isDataFileRaw: header.needsDataFile ? header.isDataFileRaw : nil,
            hasExtendedL2: header.incompatible.contains(.extendedL2), hasLazyRefcounts: header.compatible.contains(.lazyRefcounts),
            isCorrupt: header.incompatible.contains(.corrupt),
            bitmaps: image.listedBitmaps.map { bitmap in
                Bitmap(name: bitmap.name, granularity: bitmap.granularity, isInUse: bitmap.isInUse, isAuto: bitmap.isAuto)
            })
    }
}
