import Glibc

/// What a sanitizer's slowness means for tests: everything takes ten times as long, so loops and seeds are fewer.
public enum Sanitized {
    /// Whether this is a run of `make sanitize`.
    public static let isOn = getenv("BLOCKJOBD_SANITIZED") != nil

    /// How often to do something that is done `count` times in an ordinary run: a tenth, at least once.
    public static func times(_ count: Int) -> Int { isOn ? max(1, count / 10) : count }

    /// Which of an ordinary run's seeds to take: the first three.
    public static func seeds(_ all: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        isOn ? all.lowerBound...min(all.upperBound, all.lowerBound + 2) : all
    }

    /// A bound of a process's memory in KiB: a sanitizer keeps 256 MiB of what was freed, and shadows all.
    public static func memory(_ bound: Int) -> Int { isOn ? 2 * bound + (512 << 10) : bound }
}
