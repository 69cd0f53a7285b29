#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define RETURN_ERRNO(expression)            \
    do {                                    \
        __typeof__(expression) result_ = (expression); \
        return result_ < 0 ? -errno : result_;         \
    } while (0)

static __thread void *thread_local_value;

void *clinux_thread_local_get(void) { return thread_local_value; }
void clinux_thread_local_set(void *value) { thread_local_value = value; }

bool clinux_semaphore_wait(void *semaphore, int seconds)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += seconds;
    int result;
    do {
        result = sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

void clinux_thread_set_name(const char *name)
{
    char shortened[16];  // the kernel's limit, terminator included
    strncpy(shortened, name, sizeof shortened - 1);
    shortened[sizeof shortened - 1] = 0;
    pthread_setname_np(pthread_self(), shortened);
}

// The kernel's struct sched_attr, which glibc 2.36 lacks.
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

void clinux_thread_set_slice(uint64_t nanoseconds)
{
    struct scheduling current = { .size = sizeof current };
    if (syscall(SYS_sched_getattr, 0, &current, sizeof current, 0) < 0 || current.policy != SCHED_OTHER) return;
    struct scheduling wanted = { .size = sizeof wanted, .policy = SCHED_OTHER, .nice = current.nice, .runtime = nanoseconds };
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

int clinux_eventfd(void) { RETURN_ERRNO(eventfd(0, EFD_CLOEXEC)); }

void clinux_eventfd_signal(int fd)
{
    uint64_t one = 1;
    ssize_t written;
    do {
        written = write(fd, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
    // EAGAIN: the counter is full, so the reader wakes up anyway.
}

void clinux_eventfd_clear(int fd)
{
    uint64_t count;
    ssize_t taken;
    do {
        taken = read(fd, &count, sizeof count);
    } while (taken < 0 && errno == EINTR);
}

struct io_uring_cqe *clinux_peek_cqe(struct io_uring *ring)
{
    struct io_uring_cqe *cqe = NULL;
    unsigned head;
    io_uring_for_each_cqe(ring, head, cqe) { return cqe; }
    return NULL;
}

int clinux_ring_wait(struct io_uring *ring, int64_t timeout_ns)
{
    struct io_uring_cqe *cqe;
    if (timeout_ns < 0) return io_uring_submit_and_wait(ring, 1);
    struct __kernel_timespec timeout = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };
    return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &timeout, NULL);
}

int clinux_open(const char *path, int flags, unsigned mode, bool direct)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC | (direct ? O_DIRECT : 0), mode);
    } while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

int clinux_open_beneath(int directory, const char *path, int flags, bool direct)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC | (direct ? O_DIRECT : 0)),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    do {
        fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
        // EAGAIN: a rename on the way could have led out; asking again settles it.
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return fd < 0 ? -errno : (int)fd;
}

int clinux_open_directory(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void clinux_set_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && flags & O_NONBLOCK) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int clinux_dup(int fd) { RETURN_ERRNO(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

ssize_t clinux_pread(int fd, void *buffer, size_t count, int64_t offset) { RETURN_ERRNO(pread(fd, buffer, count, offset)); }

ssize_t clinux_pwrite(int fd, const void *buffer, size_t count, int64_t offset)
{
    RETURN_ERRNO(pwrite(fd, buffer, count, offset));
}

ssize_t clinux_preadv(int fd, const struct iovec *vectors, int count, int64_t offset)
{
    RETURN_ERRNO(preadv(fd, vectors, count, offset));
}

ssize_t clinux_pwritev(int fd, const struct iovec *vectors, int count, int64_t offset)
{
    RETURN_ERRNO(pwritev(fd, vectors, count, offset));
}

ssize_t clinux_pread_nowait(int fd, void *buffer, size_t count, int64_t offset)
{
    struct iovec vector = { .iov_base = buffer, .iov_len = count };
    RETURN_ERRNO(preadv2(fd, &vector, 1, offset, RWF_NOWAIT));
}

ssize_t clinux_copy_file_range(int from, int64_t from_offset, int to, int64_t to_offset, size_t count)
{
    off64_t source = from_offset, target = to_offset;
    RETURN_ERRNO(copy_file_range(from, &source, to, &target, count, 0));
}

int clinux_start_writeback(int fd, int64_t offset, int64_t length)
{
    RETURN_ERRNO(sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE));
}

int clinux_fdatasync(int fd) { RETURN_ERRNO(fdatasync(fd)); }
int clinux_fsync(int fd) { RETURN_ERRNO(fsync(fd)); }

int clinux_ftruncate(int fd, int64_t length)
{
    int result;
    do {
        result = ftruncate(fd, length);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int64_t clinux_lseek(int fd, int64_t offset, int whence) { RETURN_ERRNO(lseek(fd, offset, whence)); }

int clinux_poll(struct pollfd *descriptors, unsigned count, int64_t timeout_ns)
{
    struct timespec timeout = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };
    RETURN_ERRNO(ppoll(descriptors, count, timeout_ns < 0 ? NULL : &timeout, NULL));
}

int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length)
{
    int result;
    do {
        result = fallocate(fd, mode, offset, length);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

static int byte_lock(int fd, int command, int64_t offset, short type, struct flock *lock)
{
    int result;
    *lock = (struct flock){ .l_whence = SEEK_SET, .l_start = offset, .l_len = 1, .l_type = type };
    do {
        result = fcntl(fd, command, lock);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int clinux_ofd_lock(int fd, int64_t offset, int kind)
{
    struct flock lock;
    return byte_lock(fd, F_OFD_SETLK, offset, kind == 0 ? F_UNLCK : kind == 1 ? F_RDLCK : F_WRLCK, &lock);
}

int clinux_ofd_test(int fd, int64_t offset)
{
    struct flock lock;
    int result = byte_lock(fd, F_OFD_GETLK, offset, F_WRLCK, &lock);
    if (result < 0) return result;
    return lock.l_type == F_UNLCK ? 0 : -EAGAIN;
}

bool clinux_has_ofd_locks(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    struct flock lock = { .l_whence = SEEK_SET, .l_type = F_WRLCK };
    bool has = fcntl(fd, F_OFD_GETLK, &lock) == 0;
    close(fd);
    return has;
}

int clinux_status(int fd, struct clinux_status *status)
{
    struct stat host;
    if (fstat(fd, &host) < 0) return -errno;
    *status = (struct clinux_status){
        .length = host.st_size,
        .blocks = host.st_blocks,
        .device = host.st_dev,
        .inode = host.st_ino,
        .mode = host.st_mode,
        .block_size = (uint32_t)host.st_blksize,
        .is_regular = S_ISREG(host.st_mode),
        .is_block_device = S_ISBLK(host.st_mode),
        .is_character_device = S_ISCHR(host.st_mode),
        .is_directory = S_ISDIR(host.st_mode),
    };
    return 0;
}

void clinux_direct_alignment(int fd, uint32_t *memory, uint32_t *offset)
{
    // The kernel's struct statx with the members that glibc 2.36 lacks, by their place: dio_mem_align and dio_offset_align are the two
    // 32-bit words after mnt_id.
    union {
        struct statx status;
        uint32_t words[64];
    } reply;
    enum { STATX_DIOALIGN_MASK = 0x2000, MEMORY_WORD = 152 / 4, OFFSET_WORD = 156 / 4 };
    *memory = *offset = 0;
    memset(&reply, 0, sizeof reply);
    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_DIOALIGN_MASK, &reply) < 0) return;
    if (!(reply.status.stx_mask & STATX_DIOALIGN_MASK)) return;
    *memory = reply.words[MEMORY_WORD];
    *offset = reply.words[OFFSET_WORD];
}

uint64_t clinux_file_system(int fd)
{
    struct statfs host;
    return fstatfs(fd, &host) < 0 ? 0 : (uint64_t)(unsigned long)host.f_type;
}

bool clinux_is_memory_file_system(int fd)
{
    uint64_t magic = clinux_file_system(fd);
    return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC;
}

bool clinux_is_nfs(int fd) { return clinux_file_system(fd) == NFS_SUPER_MAGIC; }

int clinux_device_length(int fd, uint64_t *length) { RETURN_ERRNO(ioctl(fd, BLKGETSIZE64, length)); }
int clinux_device_logical_block(int fd, int *size) { RETURN_ERRNO(ioctl(fd, BLKSSZGET, size)); }
int clinux_device_is_read_only(int fd, int *read_only) { RETURN_ERRNO(ioctl(fd, BLKROGET, read_only)); }

int clinux_device_zero(int fd, uint64_t offset, uint64_t length)
{
    uint64_t range[2] = { offset, length };
    int result;
    do {
        result = ioctl(fd, BLKZEROOUT, range);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int clinux_device_discard(int fd, uint64_t offset, uint64_t length)
{
    uint64_t range[2] = { offset, length };
    int result;
    do {
        result = ioctl(fd, BLKDISCARD, range);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int clinux_set_nocow(int fd)
{
    int flags;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) return -errno;
    flags |= FS_NOCOW_FL;
    RETURN_ERRNO(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

int clinux_set_extent_size_hint(int fd, uint32_t size)
{
    struct fsxattr attributes;
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0) return -errno;
    attributes.fsx_xflags |= FS_XFLAG_EXTSIZE;
    attributes.fsx_extsize = size;
    RETURN_ERRNO(ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
}

void *clinux_map(size_t size, size_t alignment)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (alignment < page) alignment = page;
    if (size > SIZE_MAX - alignment) return NULL;
    char *base = mmap(NULL, size + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return NULL;
    char *start = (char *)(((uintptr_t)base + alignment - 1) & ~(alignment - 1));
    if (start > base) munmap(base, (size_t)(start - base));
    size_t tail = (size_t)(base + size + alignment - (start + size));
    if (tail > 0) munmap(start + size, tail);
    return start;
}

void clinux_fill(void *address, size_t size)
{
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
    madvise(address, size, MADV_POPULATE_WRITE);
}

void clinux_unmap(void *address, size_t size) { munmap(address, size); }

void clinux_ignore_file_size_signal(void)
{
    struct sigaction current;
    if (sigaction(SIGXFSZ, NULL, &current) == 0 && current.sa_handler == SIG_DFL) {
        current.sa_handler = SIG_IGN;
        sigaction(SIGXFSZ, &current, NULL);
    }
}
