// What a process does to itself that Swift's Glibc hides or does not import.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/// fork(2). The caller must not have started any thread.
pid_t cprocess_fork(void);

/// The program's arguments as they were at its start, its name first; 0 and NULL where there are none. They need no /proc.
int cprocess_argument_count(void);
const char *cprocess_argument(int index);

/// signalfd(2) for the set, close-on-exec and not blocking.
int cprocess_signalfd(const sigset_t *signals);

/// The number of the next signal that waits in a signalfd, or -1.
int cprocess_next_signal(int descriptor);

/// How long the calling thread, and each that it starts, wants to run once it has a processor: 0.1 to 100 ms. It changes no thread's share; who
/// wakes up with a shorter slice interrupts who runs with a longer one. Before Linux 6.12, and where it is forbidden, nothing happens.
void cprocess_set_slice(uint64_t nanoseconds);

/// Unmaps the pages of the program's and its libraries' code, which come back from the page cache when they are used again: what only the start
/// needs does not stay. Any thread may go on meanwhile.
void cprocess_give_back_code(void);

/// From now on tasks without an executor of their own run on threads that Dispatch does not count by /proc: at most four, so that such a task may
/// compute, but not block. Call once, before the first task.
void cprocess_run_tasks_uncounted(void);

#endif
