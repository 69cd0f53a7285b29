#define _GNU_SOURCE
#include "CProcess.h"

#include <link.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

// The C library hands a program's arguments to its constructors.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}

int cprocess_argument_count(void) {
    return argument_count;
}

const char *cprocess_argument(int index) {
    return index >= 0 && index < argument_count ? arguments[index] : NULL;
}

pid_t cprocess_fork(void) {
    return fork();
}

int cprocess_signalfd(const sigset_t *signals) {
    return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cprocess_next_signal(int descriptor) {
    struct signalfd_siginfo information;
    if (read(descriptor, &information, sizeof information) != (ssize_t)sizeof information) {
        return -1;
    }
    return (int)information.ssi_signo;
}

void cprocess_set_slice(uint64_t nanoseconds) {
    // The kernel's struct sched_attr, which glibc 2.36 lacks.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0 || attributes.policy != SCHED_OTHER) {
        return;
    }
    attributes.flags = 0;
    attributes.runtime = nanoseconds;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static int give_back_code(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || (segment->p_flags & PF_W)) {
            continue;
        }
        const uintptr_t start = (object->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        const uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > start) {
            madvise((void *)start, end - start, MADV_DONTNEED);
        }
    }
    return 0;
}

void cprocess_give_back_code(void) {
    dl_iterate_phdr(give_back_code, NULL);
}
