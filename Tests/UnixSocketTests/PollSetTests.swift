import Dispatch
import Glibc
import Testing

@testable import UnixSocket

@Suite(.timeLimit(.minutes(10))) struct PollSetTests {
    private let queue = DispatchQueue(label: "test")

    /// What a watch has reported. Confined to the queue.
    private final class Reports: @unchecked Sendable {
        var all: [Readiness] = []
        let come = DispatchSemaphore(value: 0)

        func add(_ readiness: Readiness) {
            all.append(readiness)
            come.signal()
        }

        /// Whether another one comes.
        func next() -> Bool { come.wait(timeout: .now() + 120) == .success }
    }

    private func makePipe() -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// Whether an epoll instance of this process watches a descriptor.
    private func isInKernel(_ descriptor: Int32) -> Bool {
        (0..<4096).contains { number in
            guard let file = fopen("/proc/self/fdinfo/\(number)", "r") else { return false }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 256)
            while fgets(&line, 256, file) != nil {
                let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
                if words.count > 1, words[0] == "tfd:", Int32(words[1]) == descriptor { return true }
            }
            return false
        }
    }

    /// Everything that the queue was given so far has run, and what was ready has been reported.
    private func letQueueRun() {
        // A second watch whose descriptor is ready comes to its report with the ones before it.
        let (pipe, reports) = (makePipe(), Reports())
        Glibc.write(pipe.writing, "x", 1)
        let watch = queue.sync { PollSet.watch(pipe.reading, on: queue) { reports.add($0) } }
        queue.sync { watch.want(.input) }
        for _ in 0..<3 { #expect(reports.next()) }
        queue.sync { watch.end() }
        for end in [pipe.reading, pipe.writing] { close(end) }
    }

    @Test func `what is wanted and ready is reported until one of them ends`() {
        let (pipe, reports) = (makePipe(), Reports())
        let watch = queue.sync { PollSet.watch(pipe.reading, on: queue) { reports.add($0) } }
        Glibc.write(pipe.writing, "x", 1)
        letQueueRun()
        #expect(queue.sync { reports.all.isEmpty })
        queue.sync { watch.want(.input) }
        #expect(reports.next() && reports.next())
        let count = queue.sync {
            watch.want([])
            return reports.all.count
        }
        letQueueRun()
        #expect(queue.sync { reports.all } == Array(repeating: .input, count: count))
        queue.sync { watch.end() }
        for end in [pipe.reading, pipe.writing] { close(end) }
    }

    @Test func `who wants nothing hears of no hang-up, and of it at once when it does`() {
        let (pipe, reports) = (makePipe(), Reports())
        let watch = queue.sync { PollSet.watch(pipe.reading, on: queue) { reports.add($0) } }
        queue.sync {
            watch.want(.input)
            watch.want([])
        }
        close(pipe.writing)
        letQueueRun()
        #expect(queue.sync { reports.all.isEmpty })
        // In the kernel's set the hang-up would be reported, and passed over, for ever.
        #expect(!isInKernel(pipe.reading))
        queue.sync { watch.want(.input) }
        #expect(isInKernel(pipe.reading))
        #expect(reports.next())
        queue.sync { watch.end() }
        #expect(!isInKernel(pipe.reading))
        close(pipe.reading)
    }

    @Test func `an end without a reader is ready to be written, which tells`() {
        let (pipe, reports) = (makePipe(), Reports())
        // Full, so that nothing but the missing reader can be told.
        setNonBlocking(pipe.writing)
        let block = [UInt8](repeating: 0, count: 4096)
        while Glibc.write(pipe.writing, block, block.count) > 0 {}
        close(pipe.reading)
        let watch = queue.sync { PollSet.watch(pipe.writing, on: queue) { reports.add($0) } }
        queue.sync { watch.want(.output) }
        #expect(reports.next())
        #expect(queue.sync { reports.all.first } == .output)
        queue.sync { watch.end() }
        close(pipe.writing)
    }

    @Test(arguments: ["/dev/null", "a regular file"])
    func `what the kernel cannot watch is always ready`(path: String) throws {
        let directory = TemporaryDirectory()
        let descriptor = path == "/dev/null" ? open(path, O_RDONLY) : open(directory.file("f"), O_CREAT | O_RDWR, 0o600)
        let reports = Reports()
        let watch = queue.sync { PollSet.watch(descriptor, on: queue) { reports.add($0) } }
        queue.sync { watch.want(.input) }
        for _ in 0..<3 { #expect(reports.next()) }
        let count = queue.sync {
            watch.want([])
            return reports.all.count
        }
        letQueueRun()
        #expect(queue.sync { reports.all } == Array(repeating: .input, count: count))
        queue.sync { watch.want(.input) }
        while queue.sync(execute: { reports.all.count }) == count { #expect(reports.next()) }
        queue.sync { watch.end() }
        close(descriptor)
    }

    @Test func `a watch may end others and itself while it is told`() {
        let (pipes, reports) = ((0..<40).map { _ in makePipe() }, Reports())
        for pipe in pipes { Glibc.write(pipe.writing, "x", 1) }
        queue.sync {
            let watches = Box<[Watch]>([])
            watches.value = pipes.map { pipe in
                PollSet.watch(pipe.reading, on: queue) {
                    reports.add($0)
                    for watch in watches.value { watch.end() }
                    watches.value = []
                }
            }
            for watch in watches.value { watch.want(.input) }
        }
        #expect(reports.next())
        letQueueRun()
        #expect(queue.sync { reports.all.count } == 1)
        for pipe in pipes { for end in [pipe.reading, pipe.writing] { close(end) } }
    }

    @Test func `nobody starves behind sixteen that are always ready`() {
        let pipes = (0..<48).map { _ in makePipe() }
        let served = Box<Set<Int>>([])
        let all = DispatchSemaphore(value: 0)
        for pipe in pipes { Glibc.write(pipe.writing, "x", 1) }
        let watches = queue.sync {
            pipes.enumerated().map { number, pipe in
                PollSet.watch(pipe.reading, on: queue) { _ in
                    if served.value.insert(number).inserted, served.value.count == pipes.count { all.signal() }
                }
            }
        }
        queue.sync { for watch in watches { watch.want(.input) } }
        #expect(all.wait(timeout: .now() + 120) == .success)
        queue.sync { for watch in watches { watch.end() } }
        for pipe in pipes { for end in [pipe.reading, pipe.writing] { close(end) } }
    }

    @Test func `the set goes with its last watch`() throws {
        func instances() -> Int {
            (0..<4096).count { number in
                var target = [CChar](repeating: 0, count: 64)
                let length = readlink("/proc/self/fd/\(number)", &target, 63)
                return length > 0
                    && String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self).contains("eventpoll")
            }
        }
        let pipe = makePipe()
        // Other tests have instances of their own; with so many left behind these would show.
        let before = instances()
        for _ in 0..<500 {
            let queue = DispatchQueue(label: "test")
            queue.sync {
                let watch = PollSet.watch(pipe.reading, on: queue) { _ in }
                watch.want(.input)
                watch.end()
            }
        }
        let deadline = ContinuousClock.now + .seconds(120)
        while instances() > before + 250, ContinuousClock.now < deadline { sched_yield() }
        #expect(instances() <= before + 250)
        for end in [pipe.reading, pipe.writing] { close(end) }
    }
}
