import Storage

/// How many parents of a node hold each permission, withhold it from the others, and do both: enough to tell in a few steps what they hold
/// together and whether any two of them conflict, however many there are.
struct PermissionTally: Equatable {
    private var holders = SIMD4<Int64>()
    private var withholders = SIMD4<Int64>()
    private var both = SIMD4<Int64>()

    private static func lanes(_ set: LockSet) -> SIMD4<Int64> {
        SIMD4(
            set.contains(.consistentRead) ? 1 : 0, set.contains(.write) ? 1 : 0, set.contains(.writeUnchanged) ? 1 : 0,
            set.contains(.resize) ? 1 : 0)
    }

    private static func set(_ lanes: SIMD4<Int64>) -> LockSet {
        var result: LockSet = []
        for (index, permission) in [LockSet.consistentRead, .write, .writeUnchanged, .resize].enumerated() where lanes[index] > 0 {
            result.insert(permission)
        }
        return result
    }

    mutating func add(_ permissions: Permissions) {
        let held = PermissionTally.lanes(permissions.held)
        let withheld = PermissionTally.lanes(LockSet.all.subtracting(permissions.shared))
        holders &+= held
        withholders &+= withheld
        both &+= held &* withheld
    }

    mutating func remove(_ permissions: Permissions) {
        let held = PermissionTally.lanes(permissions.held)
        let withheld = PermissionTally.lanes(LockSet.all.subtracting(permissions.shared))
        holders &-= held
        withholders &-= withheld
        both &-= held &* withheld
    }

    /// What all parents together do, and all of them allow.
    var cumulative: Permissions {
        Permissions(
            held: PermissionTally.set(holders), shared: LockSet.all.subtracting(PermissionTally.set(withholders)))
    }

    /// Whether a parent holds what another one withholds: more pairs of them than parents that do both.
    var hasConflict: Bool {
        let pairs = holders &* withholders &- both
        return pairs != SIMD4<Int64>()
    }
}
