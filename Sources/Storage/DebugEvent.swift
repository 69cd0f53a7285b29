/// A step of a format that a test may wait for or make fail, above all through `blkdebug`. The raw values are the wire's.
///
/// A format notes each step before it takes it, at the storage that the step is about.
public enum DebugEvent: String, Sendable, CaseIterable {
    /// An L1 entry is written.
    case l1Update = "l1_update"
    /// Space for a longer L1 table is allocated.
    case l1GrowAllocTable = "l1_grow_alloc_table"
    /// A longer L1 table is written.
    case l1GrowWriteTable = "l1_grow_write_table"
    /// The header turns to a longer L1 table.
    case l1GrowActivateTable = "l1_grow_activate_table"
    /// An L2 table is read.
    case l2Load = "l2_load"
    /// An L2 table is written.
    case l2Update = "l2_update"
    /// An L2 entry of a compressed cluster is written.
    case l2UpdateCompressed = "l2_update_compressed"
    /// An L2 table that is copied is read.
    case l2AllocCowRead = "l2_alloc_cow_read"
    /// A new L2 table is written.
    case l2AllocWrite = "l2_alloc_write"
    /// Guest data is read from the file.
    case readAio = "read_aio"
    /// Guest data is read from the backing file.
    case readBackingAio = "read_backing_aio"
    /// A compressed cluster is read.
    case readCompressed = "read_compressed"
    /// Guest data is written to the file.
    case writeAio = "write_aio"
    /// A compressed cluster is written.
    case writeCompressed = "write_compressed"
    /// A machine's state is read.
    case vmstateLoad = "vmstate_load"
    /// A machine's state is written.
    case vmstateSave = "vmstate_save"
    /// What a write leaves of a new cluster is read.
    case cowRead = "cow_read"
    /// What a write leaves of a new cluster is written.
    case cowWrite = "cow_write"
    /// The refcount table is read.
    case reftableLoad = "reftable_load"
    /// The refcount table grows.
    case reftableGrow = "reftable_grow"
    /// The refcount table is written.
    case reftableUpdate = "reftable_update"
    /// A refcount block is read.
    case refblockLoad = "refblock_load"
    /// A refcount block is written.
    case refblockUpdate = "refblock_update"
    /// A part of a refcount block is written.
    case refblockUpdatePart = "refblock_update_part"
    /// A refcount block is allocated.
    case refblockAlloc = "refblock_alloc"
    /// A new refcount block is entered into the table.
    case refblockAllocHookup = "refblock_alloc_hookup"
    /// A new refcount block is written.
    case refblockAllocWrite = "refblock_alloc_write"
    /// The refcount blocks of a longer table are written.
    case refblockAllocWriteBlocks = "refblock_alloc_write_blocks"
    /// A longer refcount table is written.
    case refblockAllocWriteTable = "refblock_alloc_write_table"
    /// The header turns to a longer refcount table.
    case refblockAllocSwitchTable = "refblock_alloc_switch_table"
    /// Clusters are allocated.
    case clusterAlloc = "cluster_alloc"
    /// Part of a cluster is allocated.
    case clusterAllocBytes = "cluster_alloc_bytes"
    /// Clusters are freed.
    case clusterFree = "cluster_free"
    /// Cached tables are about to be written.
    case flushToOs = "flush_to_os"
    /// The file is about to be flushed.
    case flushToDisk = "flush_to_disk"
    /// The block before a write that fills only a part of it is read.
    case pwritevRmwHead = "pwritev_rmw_head"
    /// It has been read.
    case pwritevRmwAfterHead = "pwritev_rmw_after_head"
    /// The block at the end of a write that fills only a part of it is read.
    case pwritevRmwTail = "pwritev_rmw_tail"
    /// It has been read.
    case pwritevRmwAfterTail = "pwritev_rmw_after_tail"
    /// A write begins.
    case pwritev
    /// A zeroing begins.
    case pwritevZero = "pwritev_zero"
    /// A write or zeroing has ended.
    case pwritevDone = "pwritev_done"
    /// An image is about to be emptied.
    case emptyImagePrepare = "empty_image_prepare"
    /// A shorter L1 table is written.
    case l1ShrinkWriteTable = "l1_shrink_write_table"
    /// The L2 tables of a shorter L1 table are freed.
    case l1ShrinkFreeL2Clusters = "l1_shrink_free_l2_clusters"
    /// Copy-on-read writes what it has read.
    case corWrite = "cor_write"
    /// Space of new clusters is provided.
    case clusterAllocSpace = "cluster_alloc_space"
    /// Nothing: a rule for it holds from the beginning.
    case none
}
