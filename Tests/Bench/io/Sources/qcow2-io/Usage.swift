import Glibc

/// What the process has used so far.
struct Usage {
    /// A monotonic clock.
    var seconds: Double
    /// Of all threads, in the program and in the kernel.
    var cpu: Double

    static func now() -> Usage {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        let fraction = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return Usage(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9, cpu: Double(cpu) + Double(fraction) / 1e6)
    }
}
