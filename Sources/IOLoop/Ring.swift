internal import CLinux
internal import Glibc

/// The io_uring of one loop, made and used on the loop's thread only.
struct Ring {
    let ring: UnsafeMutablePointer<io_uring>
    /// What the kernel gave us, for a log line.
    let description: String
    /// Where the eventfd's count lands.
    private let wakeCount: UnsafeMutablePointer<UInt64>

    /// The submission queue's length. Longer bursts are handed over in several steps.
    private static let entries: UInt32 = 256

    /// Set-ups in the order of preference: completions are worked off only when this thread asks (6.1), or when it enters the kernel
    /// anyway (5.19), or by interrupting it.
    private static let modes: [(flags: UInt32, name: String)] = [
        (UInt32(IORING_SETUP_SINGLE_ISSUER) | UInt32(IORING_SETUP_DEFER_TASKRUN), "single issuer, deferred task work"),
        (UInt32(IORING_SETUP_COOP_TASKRUN), "cooperative task work; the kernel lacks deferred task work"),
        (0, "plain; the kernel lacks cooperative and deferred task work"),
    ]

    /// Makes a ring on the calling thread.
    /// - Returns: the ring, or why there is none.
    static func make() -> Result<Ring, RingRefusal> {
        let memory = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        memory.initialize(to: io_uring())
        var refusal = RingRefusal(errno: 0)
        for mode in modes {
            var parameters = io_uring_params()
            parameters.flags = mode.flags | UInt32(IORING_SETUP_CQSIZE) | UInt32(IORING_SETUP_CLAMP)
            parameters.cq_entries = entries * 8
            let result = io_uring_queue_init_params(entries, memory, &parameters)
            if result == 0 {
                // Without these a full completion queue would lose completions, and a wait could have no deadline.
                let needed = UInt32(IORING_FEAT_NODROP) | UInt32(IORING_FEAT_EXT_ARG)
                if parameters.features & needed == needed {
                    return .success(Ring(ring: memory, description: "io_uring (\(mode.name))", wakeCount: .allocate(capacity: 1)))
                }
                io_uring_queue_exit(memory)
                refusal = RingRefusal(errno: ENOSYS)
                break
            }
            refusal = RingRefusal(errno: -result)
            if result != -EINVAL { break }
        }
        memory.deallocate()
        return .failure(refusal)
    }

    /// Reads the eventfd with user data 0, so that its signal ends a wait.
    func armWake(_ eventDescriptor: Int32) {
        while true {
            if let entry = io_uring_get_sqe(ring) {
                io_uring_prep_read(entry, eventDescriptor, wakeCount, 8, 0)
                entry.pointee.user_data = 0
                return
            }
            io_uring_submit(ring)
        }
    }

    /// Unmaps the ring. The kernel cancels what can be cancelled and waits for nothing.
    func close() {
        io_uring_queue_exit(ring)
        ring.deallocate()
        wakeCount.deallocate()
    }
}

/// Why the kernel gives no ring.
struct RingRefusal: Error {
    let errno: Int32

    var description: String {
        switch errno {
        case EPERM: "io_uring is forbidden here"
        case ENOSYS: "the kernel has no io_uring that is complete enough"
        case ENOMEM: "no memory may be locked for io_uring"
        default: "io_uring_setup failed with errno \(errno)"
        }
    }
}
