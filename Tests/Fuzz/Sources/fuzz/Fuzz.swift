import CFuzzer
import Dispatch

/// libFuzzer calls this with every input.
private func body(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let done = DispatchSemaphore(value: 0)
    Task {
        await HostileImage(bytes).exercise()
        done.signal()
    }
    done.wait()
    return 0
}

/// The program's entry: the linker looks for it under this name.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    var count = count
    var arguments = arguments
    return LLVMFuzzerRunDriver(&count, &arguments) { body($0, $1) }
}
