import Glibc

/// What a thread runs.
private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// Runs `body` on a thread with a stack of 2 MiB and waits for its result.
func onSmallStack<Value>(_ body: () -> Value) -> Value {
    var result: Value?
    withoutActuallyEscaping(body) { body in
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        // A sanitizer's frames are several times as large.
        let isInstrumented = getenv("BLOCKJOBD_SANITIZED") != nil
        pthread_attr_setstacksize(attributes, isInstrumented ? 32 << 20 : 2 << 20)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        let work = Work { result = body() }
        var thread: pthread_t = 0
        let status = pthread_create(
            &thread, attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue().run()
                return nil
            }, Unmanaged.passUnretained(work).toOpaque())
        precondition(status == 0, "no thread")
        withExtendedLifetime(work) { _ = pthread_join(thread, nil) }
    }
    guard let result else { preconditionFailure("the thread has ended without a result") }
    return result
}
