/// What Swift cannot reach of Linux and liburing by itself: variadic calls, ioctls, thread-local storage, a few structs newer than the
/// installed headers. Functions return 0 or a count, or a negative errno, so that no caller depends on `errno` surviving a suspension.
#pragma once
// features.h first: without it debug builds fail on fd_set in liburing's header.
#include <features.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/// The pointer that the calling thread last stored, or NULL. Opaque on purpose: the compiler may keep nothing of it across a suspension.
void *clinux_thread_local_get(void);
void clinux_thread_local_set(void *value);
void clinux_thread_set_name(const char *name);

/// Waits for a post of a sem_t, at most so many seconds of the monotonic clock; whether there was one.
bool clinux_semaphore_wait(void *semaphore, int seconds);

/// How long the calling thread wants to run once it has a processor: 0.1 to 100 ms, 0 for the kernel's usual 3 ms or so. It changes no
/// thread's share; who wakes up with a shorter slice interrupts who runs with a longer one. Threads inherit it. Before Linux 6.12, and where
/// it is forbidden, nothing happens.
void clinux_thread_set_slice(uint64_t nanoseconds);

/// A blocking eventfd: the ring would answer a read of a non-blocking one with EAGAIN instead of arming it.
int clinux_eventfd(void);
/// Adds one to an eventfd.
void clinux_eventfd_signal(int fd);
/// Takes what an eventfd counted; to be called when it is readable.
void clinux_eventfd_clear(int fd);

/// The next completion without entering the kernel, or NULL.
struct io_uring_cqe *clinux_peek_cqe(struct io_uring *ring);
/// Hands pending submissions over and waits for a completion, at most `timeout_ns` (for ever when negative).
int clinux_ring_wait(struct io_uring *ring, int64_t timeout_ns);

/// open, close-on-exec; `direct` adds O_DIRECT, which Swift does not import.
int clinux_open(const char *path, int flags, unsigned mode, bool direct);
/// openat2 with RESOLVE_BENEATH, close-on-exec: nothing on the way, links included, may lead out of the directory. -EXDEV when it would.
int clinux_open_beneath(int directory, const char *path, int flags, bool direct);
/// A descriptor that stands for a directory and reads nothing of it.
int clinux_open_directory(const char *path);
/// Takes O_NONBLOCK away.
void clinux_set_blocking(int fd);
int clinux_dup(int fd);
ssize_t clinux_pread(int fd, void *buffer, size_t count, int64_t offset);
ssize_t clinux_pwrite(int fd, const void *buffer, size_t count, int64_t offset);
ssize_t clinux_preadv(int fd, const struct iovec *vectors, int count, int64_t offset);
ssize_t clinux_pwritev(int fd, const struct iovec *vectors, int count, int64_t offset);
/// preadv2 with RWF_NOWAIT: -EAGAIN when the page cache has nothing at `offset`.
ssize_t clinux_pread_nowait(int fd, void *buffer, size_t count, int64_t offset);
ssize_t clinux_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t count);
/// Starts writing the dirty pages of a range to the device and waits for none of it (sync_file_range); errors are fdatasync's to tell.
int clinux_start_writeback(int fd, int64_t offset, int64_t length);
int clinux_fdatasync(int fd);
int clinux_fsync(int fd);
int clinux_ftruncate(int fd, int64_t length);
int64_t clinux_lseek(int fd, int64_t offset, int whence);
int clinux_poll(struct pollfd *descriptors, unsigned count, int64_t timeout_ns);

enum {
    CLINUX_FALLOCATE_KEEP_SIZE = 1,
    CLINUX_FALLOCATE_PUNCH_HOLE = 2,
    CLINUX_FALLOCATE_ZERO_RANGE = 16,
};
int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length);

/// Open-file-description locks on one byte. `kind`: 0 unlock, 1 shared, 2 exclusive.
int clinux_ofd_lock(int fd, int64_t offset, int kind);
/// 0 when an exclusive lock could be had, -EAGAIN when another holds the byte.
int clinux_ofd_test(int fd, int64_t offset);
/// Whether this kernel has such locks.
bool clinux_has_ofd_locks(void);

struct clinux_status {
    int64_t length;
    int64_t blocks;       // of 512 bytes
    uint64_t device, inode;
    uint32_t mode;
    uint32_t block_size;  // preferred for I/O
    bool is_regular, is_block_device, is_character_device, is_directory;
};
int clinux_status(int fd, struct clinux_status *status);
/// O_DIRECT alignments from statx; 0 where the kernel says nothing.
void clinux_direct_alignment(int fd, uint32_t *memory, uint32_t *offset);
/// The file system's magic number, 0 when unknown.
uint64_t clinux_file_system(int fd);
/// statfs says tmpfs or ramfs: no storage behind the page cache.
bool clinux_is_memory_file_system(int fd);
bool clinux_is_nfs(int fd);

int clinux_device_length(int fd, uint64_t *length);
int clinux_device_logical_block(int fd, int *size);
int clinux_device_is_read_only(int fd, int *read_only);
int clinux_device_zero(int fd, uint64_t offset, uint64_t length);
int clinux_device_discard(int fd, uint64_t offset, uint64_t length);
/// Sets FS_NOCOW_FL; file systems without it refuse.
int clinux_set_nocow(int fd);
/// Sets the extent size hint (XFS); others refuse.
int clinux_set_extent_size_hint(int fd, uint32_t size);

/// Anonymous memory, aligned to `alignment` (a power of two, at least a page). NULL when there is none.
void *clinux_map(size_t size, size_t alignment);
void clinux_unmap(void *address, size_t size);

/// Gives memory of `clinux_map` its pages in one call instead of one fault each. Before Linux 5.14 nothing happens.
void clinux_fill(void *address, size_t size);

/// Writes beyond RLIMIT_FSIZE then fail with EFBIG, instead of ending the process. Leaves a handler alone that somebody installed.
void clinux_ignore_file_size_signal(void);
