import BlockGraph
import BlockJobs

// Domain types whose names the schema has too. (The modules' actors hide the modules' names, so they can't be told apart by those.)

let bitmapSyncModes = BitmapSyncMode.self
let mirrorCopyModes = MirrorCopyMode.self
let detectZeroes = DetectZeroes.self
