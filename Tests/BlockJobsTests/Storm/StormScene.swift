import TestSupport

/// What one seed plays.
struct StormScene: Sendable, CustomStringConvertible {
    /// What stands above a disk's image, and below its guests.
    enum Filter: Sendable, CaseIterable {
        case none, throttle, copyOnRead, copyBeforeWrite
    }

    /// A guest's disk.
    struct Volume: Sendable {
        let isQcow2: Bool
        let filter: Filter
        /// How many requests its guest has in flight.
        let depth: Int
        /// The guest writes to a few clusters only, where its requests meet.
        let isHot: Bool
    }

    static let length = 1 << 20
    static let sectors = length / StormModel.sector

    let seed: UInt64
    let volumes: [Volume]
    /// Guests never pause, so only mirrors that need no pause are played.
    let isRestless: Bool
    /// Requests to disks fail and tear.
    let hasFaults: Bool
    /// Disks stop answering for a while.
    let hangsDisks: Bool
    /// How eagerly disks answer while others have something to do: of eight rounds in so many.
    let haste: Int
    /// How many copies each volume's client makes, one after the other.
    let copies: Int

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        isRestless = Bool.random(using: &generator)
        // Where the disks fail, guests meet in few clusters: who comes after a failure is what matters.
        let mayFail = Int.random(in: 0..<3, using: &generator) == 0
        hasFaults = mayFail
        hangsDisks = Int.random(in: 0..<4, using: &generator) == 0
        haste = [0, 1, 4, 8].randomElement(using: &generator) ?? 0
        copies = Int.random(in: 1...3, using: &generator)
        volumes = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
            let filter = Int.random(in: 0..<2, using: &generator) == 0 ? Filter.allCases.randomElement(using: &generator) : nil
            return Volume(
                isQcow2: Int.random(in: 0..<3, using: &generator) > 0, filter: filter ?? .none,
                depth: Int.random(in: 1...16, using: &generator),
                isHot: Int.random(in: 0..<3, using: &generator) < (mayFail ? 2 : 1))
        }
    }

    var description: String {
        let disks = volumes.map { "\($0.isQcow2 ? "qcow2" : "raw") \($0.filter) depth \($0.depth)\($0.isHot ? " hot" : "")" }
        return "seed \(seed): \(disks), restless \(isRestless), faults \(hasFaults), hangs \(hangsDisks), haste \(haste), copies \(copies)"
    }
}
