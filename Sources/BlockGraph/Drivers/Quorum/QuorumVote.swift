internal import Glibc

/// Finds the version of the bytes that most children gave. A pure function of the answers.
enum QuorumVote {
    /// What a vote has come to.
    enum Outcome: Equatable {
        /// The index of a child that gave the winning bytes, and of those that gave others.
        case won(by: Int, against: [Int])
        /// No version has enough votes.
        case failed
    }

    /// - Parameters:
    ///   - answers: the children's bytes, in their order; nil for one that failed.
    ///   - threshold: how many votes win.
    /// - Precondition: at least one child has answered.
    static func hold(_ answers: [UnsafeRawBufferPointer?], threshold: Int) -> Outcome {
        var versions: [[Int]] = []
        for (index, answer) in answers.enumerated() {
            guard let answer else { continue }
            if let known = versions.firstIndex(where: { isSame(answers[$0[0]], answer) }) {
                versions[known].append(index)
            } else {
                versions.append([index])
            }
        }
        // Among equals the first child's wins.
        guard let winner = versions.max(by: { $0.count < $1.count || ($0.count == $1.count && $0[0] > $1[0]) }) else { return .failed }
        guard versions.count == 1 || winner.count >= threshold else { return .failed }
        let losers = versions.filter { $0 != winner }.flatMap { $0 }
        return .won(by: winner[0], against: losers)
    }

    private static func isSame(_ left: UnsafeRawBufferPointer?, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let left else { return false }
        return isEqual(left, right)
    }
}

/// Whether both hold the same bytes.
func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return left.isEmpty }
    return memcmp(first, second, left.count) == 0
}
