// The client of `make bench`: a QMP client that costs so little that the server is what is measured. One mode a run:
//
//   sequential PATH COUNT            query-jobs, one at a time; latencies
//   pipelined PATH COUNT             query-jobs, all sent at once
//   argument PATH BYTES              one command with a long string as its argument
//   paced PATH MILLISECONDS PERIOD   query-jobs every PERIOD microseconds, or until SIGTERM; latencies
//   flood PATH MILLISECONDS BYTES    long messages, one after the other
//   fanout COUNT CLIENTS JOB PATH... job-pause and job-resume COUNT times; every client waits for every event
//   churn PATH COUNT                 backups of the node `source` onto `target`, created, run and dismissed one after the other
//   echo PATH                        not a client: a bare server that answers each line with one line
//
// Prints one JSON object: rate, latency percentiles in microseconds, the client's own CPU seconds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char QUERY[] = "{\"execute\": \"query-jobs\"}\n";
static const char ANSWER[] = "{\"return\": []}\r\n";
static const char CAPABILITIES[] = "{\"execute\": \"qmp_capabilities\"}\n";

static void fail(const char *what) {
    fprintf(stderr, "bench client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    strcpy(address.sun_path, path);
    return address;
}

static void send_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            fail("send");
        }
        bytes += sent;
        count -= (size_t)sent;
    }
}

// Reads until `lines` lines have come that are no events; what follows the last one must not have been sent yet by the server.
static void receive_lines(int fd, long lines) {
    static char buffer[1 << 16];
    static size_t column;
    static int is_event;
    while (lines > 0) {
        ssize_t count = read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            fail("read");
        }
        for (char *p = buffer, *end = buffer + count; p < end;) {
            // `{"timestamp"` is the only beginning with a t.
            if (column == 0) {
                is_event = 0;
            }
            if (column <= 2 && (size_t)(end - p) > 2 - column) {
                is_event = p[2 - column] == 't';
            }
            char *line_end = memchr(p, '\n', (size_t)(end - p));
            if (!line_end) {
                column += (size_t)(end - p);
                break;
            }
            lines -= !is_event;
            column = 0;
            p = line_end + 1;
        }
    }
}

static int open_client(const char *path) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = address_of(path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fail(path);
    }
    receive_lines(fd, 1);
    send_all(fd, CAPABILITIES, sizeof CAPABILITIES - 1);
    receive_lines(fd, 1);
    return fd;
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void report_latencies(double *samples, long count, double seconds) {
    qsort(samples, (size_t)count, sizeof *samples, by_value);
    printf("{\"count\": %ld, \"rate\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f, \"client_cpu\": %.4f, \"seconds\": %.4f}\n", count,
           (double)count / seconds, samples[count / 2] * 1e6, samples[count * 99 / 100] * 1e6, samples[count - 1] * 1e6, cpu_seconds(), seconds);
}

static void sequential(const char *path, long count) {
    int fd = open_client(path);
    double *samples = calloc((size_t)count, sizeof *samples);
    double start = now(), last = start;
    for (long i = 0; i < count; i++) {
        send_all(fd, QUERY, sizeof QUERY - 1);
        receive_lines(fd, 1);
        double end = now();
        samples[i] = end - last;
        last = end;
    }
    report_latencies(samples, count, last - start);
}

static volatile sig_atomic_t is_stopped;

static void stop(int signal) {
    (void)signal;
    is_stopped = 1;
}

static void paced(const char *path, long milliseconds, long period) {
    int fd = open_client(path);
    long limit = milliseconds * 1000 / period + 1, count = 0;
    double *samples = calloc((size_t)limit, sizeof *samples);
    double start = now(), end = start + (double)milliseconds * 1e-3, due = start;
    signal(SIGTERM, stop);
    while (!is_stopped && count < limit && now() < end) {
        double sent = now();
        send_all(fd, QUERY, sizeof QUERY - 1);
        receive_lines(fd, 1);
        double answered = now();
        samples[count++] = answered - sent;
        due += (double)period * 1e-6;
        if (due < answered) {
            due = answered;
        }
        struct timespec rest = {0, (long)((due - answered) * 1e9)};
        nanosleep(&rest, NULL);
    }
    report_latencies(samples, count, now() - start);
}

static void pipelined(const char *path, long count) {
    enum { BATCH = 1024 };
    int fd = open_client(path);
    static char batch[BATCH * sizeof QUERY], buffer[1 << 16];
    size_t length = 0;
    for (int i = 0; i < BATCH; i++) {
        memcpy(batch + length, QUERY, sizeof QUERY - 1);
        length += sizeof QUERY - 1;
    }
    count = (count + BATCH - 1) / BATCH * BATCH;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    double start = now();
    size_t left = length * (size_t)(count / BATCH), offset = 0;
    for (long replies = 0; replies < count;) {
        struct pollfd poller = {fd, (short)(POLLIN | (left ? POLLOUT : 0)), 0};
        poll(&poller, 1, -1);
        if (poller.revents & POLLOUT) {
            ssize_t sent = send(fd, batch + offset, length - offset, MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) {
                fail("send");
            }
            if (sent > 0) {
                left -= (size_t)sent;
                offset = (offset + (size_t)sent) % length;
            }
        }
        if (poller.revents & (POLLIN | POLLHUP)) {
            ssize_t got = read(fd, buffer, sizeof buffer);
            if (got == 0 || (got < 0 && errno != EAGAIN)) {
                fail("read");
            }
            for (char *p = buffer; got > 0 && (p = memchr(p, '\n', (size_t)(buffer + got - p))); p++) {
                replies++;
            }
        }
    }
    double seconds = now() - start;
    printf("{\"rate\": %.1f, \"client_cpu\": %.4f, \"seconds\": %.4f}\n", (double)count / seconds, cpu_seconds(), seconds);
}

// A command whose id argument is long: the answer is an error, at any rate one line.
static char *long_message(size_t bytes, size_t *length) {
    static const char head[] = "{\"execute\": \"job-pause\", \"arguments\": {\"id\": \"", tail[] = "\"}}\n";
    char *message = malloc(bytes + sizeof head + sizeof tail);
    memcpy(message, head, sizeof head - 1);
    memset(message + sizeof head - 1, 'a', bytes);
    memcpy(message + sizeof head - 1 + bytes, tail, sizeof tail - 1);
    *length = sizeof head - 1 + bytes + sizeof tail - 1;
    return message;
}

static void argument(const char *path, size_t bytes) {
    int fd = open_client(path);
    size_t length;
    char *message = long_message(bytes, &length);
    double start = now();
    send_all(fd, message, length);
    receive_lines(fd, 1);
    double seconds = now() - start;
    printf("{\"milliseconds\": %.3f, \"client_cpu\": %.4f}\n", seconds * 1e3, cpu_seconds());
}

static void flood(const char *path, long milliseconds, size_t bytes) {
    int fd = open_client(path);
    size_t length;
    char *message = long_message(bytes, &length);
    double start = now(), end = start + (double)milliseconds * 1e-3;
    long count = 0;
    do {
        send_all(fd, message, length);
        receive_lines(fd, 1);
        count++;
    } while (now() < end);
    double seconds = now() - start;
    printf("{\"messages\": %ld, \"mib_per_second\": %.1f}\n", count, (double)length * (double)count / seconds / (1 << 20));
}

static void fanout(long count, int clients, const char *job, char **paths, int path_count) {
    int *fds = calloc((size_t)clients, sizeof *fds);
    long *lines = calloc((size_t)clients, sizeof *lines);
    struct pollfd *pollers = calloc((size_t)clients, sizeof *pollers);
    static char commands[2][256], buffer[1 << 16];
    int lengths[2];
    lengths[0] = snprintf(commands[0], sizeof commands[0], "{\"execute\": \"job-pause\", \"arguments\": {\"id\": \"%s\"}}\n", job);
    lengths[1] = snprintf(commands[1], sizeof commands[1], "{\"execute\": \"job-resume\", \"arguments\": {\"id\": \"%s\"}}\n", job);
    for (int i = 0; i < clients; i++) {
        fds[i] = open_client(paths[i % path_count]);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        pollers[i] = (struct pollfd){fds[i], POLLIN, 0};
    }
    double start = now();
    // The first client sends; a pause and a resume of a ready job cause one event each. It gets the replies, too.
    for (long i = 0; i < 2 * count; i++) {
        send_all(fds[0], commands[i % 2], (size_t)lengths[i % 2]);
        for (;;) {
            int behind = 0;
            for (int c = 0; c < clients; c++) {
                behind += lines[c] < (c == 0 ? 2 * (i + 1) : i + 1);
            }
            if (!behind) {
                break;
            }
            poll(pollers, (nfds_t)clients, -1);
            for (int c = 0; c < clients; c++) {
                if (!pollers[c].revents) {
                    continue;
                }
                ssize_t got = read(fds[c], buffer, sizeof buffer);
                if (got == 0 || (got < 0 && errno != EAGAIN)) {
                    fail("read");
                }
                for (char *p = buffer; got > 0 && (p = memchr(p, '\n', (size_t)(buffer + got - p))); p++) {
                    lines[c]++;
                }
            }
        }
    }
    double seconds = now() - start;
    printf("{\"rate\": %.1f, \"client_cpu\": %.4f, \"seconds\": %.4f}\n", 2.0 * (double)count * clients / seconds, cpu_seconds(), seconds);
}

// Reads lines until one holds `text`; the rest of what has come stays for the next call.
static void receive_until(int fd, const char *text) {
    static char buffer[1 << 16];
    static size_t filled;
    for (;;) {
        char *line = buffer;
        for (char *end; (end = memchr(line, '\n', filled - (size_t)(line - buffer))); line = end + 1) {
            *end = 0;
            int is_found = strstr(line, text) != NULL;
            if (strstr(line, "\"error\":")) {
                fprintf(stderr, "bench client: %s\n", line);
                exit(1);
            }
            if (is_found) {
                filled -= (size_t)(end + 1 - buffer);
                memmove(buffer, end + 1, filled);
                return;
            }
        }
        filled -= (size_t)(line - buffer);
        memmove(buffer, line, filled);
        ssize_t count = read(fd, buffer + filled, sizeof buffer - filled);
        if (count <= 0) {
            fail("read");
        }
        filled += (size_t)count;
    }
}

static void churn(const char *path, long count) {
    static const char backup[] = "{\"execute\": \"blockdev-backup\", \"arguments\": {\"job-id\": \"job\", \"device\": \"source\", "
                                 "\"target\": \"target\", \"sync\": \"full\", \"auto-dismiss\": false}}\n";
    static const char dismiss[] = "{\"execute\": \"job-dismiss\", \"arguments\": {\"id\": \"job\"}}\n";
    int fd = open_client(path);
    double *samples = calloc((size_t)count, sizeof *samples);
    double start = now(), last = start;
    for (long i = 0; i < count; i++) {
        send_all(fd, backup, sizeof backup - 1);
        receive_until(fd, "\"concluded\"");
        send_all(fd, dismiss, sizeof dismiss - 1);
        // The event, and not the reply: the reply of the backup may come as late as this.
        receive_until(fd, "\"null\"");
        double end = now();
        samples[i] = end - last;
        last = end;
    }
    report_latencies(samples, count, last - start);
}

static void echo(const char *path) {
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = address_of(path);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0) {
        fail(path);
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            fail("accept");
        }
        static char buffer[1 << 16];
        send_all(fd, ANSWER, sizeof ANSWER - 1); // in place of a greeting
        for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) {
            for (char *p = buffer; (p = memchr(p, '\n', (size_t)(buffer + count - p))); p++) {
                send_all(fd, ANSWER, sizeof ANSWER - 1);
            }
        }
        close(fd);
    }
}

int main(int argc, char **argv) {
    const char *mode = argc > 2 ? argv[1] : "";
    if (!strcmp(mode, "sequential") && argc == 4) {
        sequential(argv[2], atol(argv[3]));
    } else if (!strcmp(mode, "pipelined") && argc == 4) {
        pipelined(argv[2], atol(argv[3]));
    } else if (!strcmp(mode, "argument") && argc == 4) {
        argument(argv[2], (size_t)atol(argv[3]));
    } else if (!strcmp(mode, "paced") && argc == 5) {
        paced(argv[2], atol(argv[3]), atol(argv[4]));
    } else if (!strcmp(mode, "flood") && argc == 5) {
        flood(argv[2], atol(argv[3]), (size_t)atol(argv[4]));
    } else if (!strcmp(mode, "fanout") && argc > 5) {
        fanout(atol(argv[2]), atoi(argv[3]), argv[4], argv + 5, argc - 5);
    } else if (!strcmp(mode, "churn") && argc == 4) {
        churn(argv[2], atol(argv[3]));
    } else if (!strcmp(mode, "echo")) {
        echo(argv[2]);
    } else {
        fprintf(stderr, "usage: see the top of client.c\n");
        return 2;
    }
    return 0;
}
