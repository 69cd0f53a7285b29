// Where Swift's tasks run that have no executor of their own.
//
// By itself the runtime gives them to Dispatch's pools. Once a second Dispatch counts which threads of a pool with waiting work run, by reading
// /proc/self/task, and ends the process where it cannot: without /proc, and also when clients have used up all descriptors. Threads of its queues that overcommit
// are not counted. So tasks run there, and the bound on threads is ours.
#include "CProcess.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

// Of libdispatch, whose header needs flags that C targets don't get.
extern void *dispatch_get_global_queue(intptr_t identifier, uintptr_t flags);
extern void dispatch_async_f(void *queue, void *context, void (*work)(void *));
extern void dispatch_after_f(uint64_t when, void *queue, void *context, void (*work)(void *));
extern uint64_t dispatch_time(uint64_t base, int64_t nanoseconds);
static const uintptr_t overcommit = 2;

// Of the runtime's swift/Runtime/Concurrency.h.
struct executor_reference {
    void *identity;
    uintptr_t implementation;
};
extern __attribute__((swiftcall)) void swift_job_run(void *job, struct executor_reference executor);
typedef __attribute__((swiftcall)) void (*enqueue_hook)(void *job, void *original);
typedef __attribute__((swiftcall)) void (*enqueue_after_hook)(uint64_t nanoseconds, void *job, void *original);
typedef __attribute__((swiftcall)) void (*enqueue_at_hook)(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock, void *job,
    void *original);
extern enqueue_hook swift_task_enqueueGlobal_hook;
extern enqueue_after_hook swift_task_enqueueGlobalWithDelay_hook;
extern enqueue_at_hook swift_task_enqueueGlobalWithDeadline_hook;

struct entry {
    void *job;
    struct entry *next;
};

/// Tasks seldom run here, and none blocks: this is enough for one that computes and others beside it.
enum { most_threads = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *first;
static struct entry **end = &first;
static int threads;

static void run_jobs(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    while (first != NULL) {
        struct entry *const entry = first;
        first = entry->next;
        if (first == NULL) {
            end = &first;
        }
        pthread_mutex_unlock(&lock);
        void *const job = entry->job;
        free(entry);
        swift_job_run(job, (struct executor_reference){NULL, 0});
        pthread_mutex_lock(&lock);
    }
    threads--;
    pthread_mutex_unlock(&lock);
}

static void enqueue(void *job) {
    struct entry *const entry = malloc(sizeof *entry);
    if (entry == NULL) {
        abort();
    }
    *entry = (struct entry){.job = job};
    pthread_mutex_lock(&lock);
    *end = entry;
    end = &entry->next;
    const int needs_thread = threads < most_threads;
    threads += needs_thread;
    pthread_mutex_unlock(&lock);
    if (needs_thread) {
        dispatch_async_f(dispatch_get_global_queue(0, overcommit), NULL, run_jobs);
    }
}

static __attribute__((swiftcall)) void enqueue_now(void *job, void *original) {
    (void)original;
    enqueue(job);
}

static __attribute__((swiftcall)) void enqueue_after(uint64_t nanoseconds, void *job, void *original) {
    (void)original;
    const int64_t delay = nanoseconds < INT64_MAX ? (int64_t)nanoseconds : INT64_MAX;
    dispatch_after_f(dispatch_time(0, delay), dispatch_get_global_queue(0, overcommit), job, enqueue);
}

/// Clocks of the runtime: 1 goes on while the machine sleeps, 2 does not.
static __attribute__((swiftcall)) void enqueue_at(
    long long seconds, long long nanoseconds, long long tolerance_seconds, long long tolerance_nanoseconds, int clock, void *job,
    void *original) {
    (void)tolerance_seconds;
    (void)tolerance_nanoseconds;
    struct timespec now;
    clock_gettime(clock == 2 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME, &now);
    const long long seconds_left = seconds - now.tv_sec;
    const long long longest = INT64_MAX / 1000000000 - 1;
    int64_t delay = (seconds_left < longest ? seconds_left : longest) * 1000000000 + nanoseconds - now.tv_nsec;
    enqueue_after(delay > 0 ? (uint64_t)delay : 0, job, original);
}

void cprocess_run_tasks_uncounted(void) {
    swift_task_enqueueGlobal_hook = enqueue_now;
    swift_task_enqueueGlobalWithDelay_hook = enqueue_after;
    swift_task_enqueueGlobalWithDeadline_hook = enqueue_at;
}
