import BlockGraph
import JSON
import QAPI
import QMP
import Storage

/// One limit of a throttle group on the wire: its name, and where its value is.
struct ThrottleProperty: Sendable {
    /// Which of a rate's numbers.
    enum Part {
        case average, maximum, burstLength
    }

    /// The name in `limits`; as a property of the object it begins with `x-`.
    let name: String
    /// nil is the size that counts as one request.
    let place: (kind: ThrottleRates.Kind, part: Part)?

    /// All of them, in the schema's order.
    static let all: [ThrottleProperty] = {
        var list: [ThrottleProperty] = []
        for (kind, name) in kinds {
            list.append(ThrottleProperty(name: name, place: (kind, .average)))
            list.append(ThrottleProperty(name: name + "-max", place: (kind, .maximum)))
            list.append(ThrottleProperty(name: name + "-max-length", place: (kind, .burstLength)))
        }
        list.append(ThrottleProperty(name: "iops-size", place: nil))
        return list
    }()

    private static let kinds: [(ThrottleRates.Kind, String)] = [
        (.requestsTotal, "iops-total"), (.requestsRead, "iops-read"), (.requestsWrite, "iops-write"), (.bytesTotal, "bps-total"),
        (.bytesRead, "bps-read"), (.bytesWrite, "bps-write"),
    ]

    /// The value in `limits`.
    func value(in limits: ThrottleRates) -> Int64 {
        guard let place else { return limits.requestSize }
        switch place.part {
        case .average: return limits[place.kind].average
        case .maximum: return limits[place.kind].maximum
        case .burstLength: return limits[place.kind].burstLength
        }
    }

    /// Puts a value into `limits`; what it means there is checked with all the others.
    func set(_ value: Int64, in limits: inout ThrottleRates, named shown: String) throws(QMPError) {
        guard let place else {
            limits.requestSize = value
            return
        }
        switch place.part {
        case .average: limits[place.kind].average = value
        case .maximum: limits[place.kind].maximum = value
        case .burstLength:
            guard value <= Int64(UInt32.max) else {
                // QEMU's sentence lacks a space for the old names.
                let range = shown.hasPrefix("x-") ? "therange" : "the range"
                throw QMPError("\(shown) value must be in \(range) [0, \(UInt32.max)]")
            }
            limits[place.kind].burstLength = value
        }
    }
}

extension ThrottleRates {
    /// Takes over the members of the wire that are there.
    mutating func apply(_ wire: ThrottleLimits) throws(QMPError) {
        let given: [Int64?] = [
            wire.iopsTotal, wire.iopsTotalMax, wire.iopsTotalMaxLength, wire.iopsRead, wire.iopsReadMax, wire.iopsReadMaxLength,
            wire.iopsWrite, wire.iopsWriteMax, wire.iopsWriteMaxLength, wire.bpsTotal, wire.bpsTotalMax, wire.bpsTotalMaxLength,
            wire.bpsRead, wire.bpsReadMax, wire.bpsReadMaxLength, wire.bpsWrite, wire.bpsWriteMax, wire.bpsWriteMaxLength, wire.iopsSize,
        ]
        for (property, value) in zip(ThrottleProperty.all, given) {
            if let value { try property.set(value, in: &self, named: property.name) }
        }
    }

    /// Takes over the properties of a new object: `limits`, and the old names.
    mutating func apply(_ wire: ThrottleGroupProperties) throws(QMPError) {
        let given: [Int64?] = [
            wire.xIopsTotal, wire.xIopsTotalMax, wire.xIopsTotalMaxLength, wire.xIopsRead, wire.xIopsReadMax, wire.xIopsReadMaxLength,
            wire.xIopsWrite, wire.xIopsWriteMax, wire.xIopsWriteMaxLength, wire.xBpsTotal, wire.xBpsTotalMax, wire.xBpsTotalMaxLength,
            wire.xBpsRead, wire.xBpsReadMax, wire.xBpsReadMaxLength, wire.xBpsWrite, wire.xBpsWriteMax, wire.xBpsWriteMaxLength,
            wire.xIopsSize,
        ]
        var values: [(name: String, place: (property: ThrottleProperty, value: Int64)?)] = wire.limits == nil ? [] : [("limits", nil)]
        for (property, value) in zip(ThrottleProperty.all, given) {
            if let value { values.append(("x-" + property.name, (property, value))) }
        }
        // QEMU checks each property when it is set, `limits` as a whole.
        for (name, place) in NodeFilename.inReferenceOrder(values, name: \.name) {
            if let place {
                guard place.value >= 0 else { throw QMPError("Property values cannot be negative") }
                try place.property.set(place.value, in: &self, named: name)
            } else if let limits = wire.limits {
                try apply(limits)
                do throws(BlockError) { try check() } catch { throw QMPError(error) }
            }
        }
    }

    /// All of them, as `qom-get` shows them.
    var wire: JSONValue {
        .object(ThrottleProperty.all.map { JSONValue.Member($0.name, .integer($0.value(in: self))) })
    }
}
