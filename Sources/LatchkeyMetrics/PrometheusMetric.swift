// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import Synchronization

/// The value of one metric.
final class PrometheusMetric: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// As the text format calls it.
    enum Kind: String {
        case counter, gauge
        /// How many values there were, and their sum.
        case summary
    }

    let kind: Kind
    /// Of a counter its value, of a summary how many there were.
    private let count = Atomic<UInt64>(0)
    /// Of a gauge its value, of a summary the sum: a `Double`'s bits.
    private let bits = Atomic<UInt64>(0)

    init(_ kind: Kind) { self.kind = kind }

    func increment(by amount: Int64) { count.wrappingAdd(UInt64(clamping: amount), ordering: .relaxed) }

    func reset() {
        count.store(0, ordering: .relaxed)
        bits.store(0, ordering: .relaxed)
    }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard kind == .summary else { return set(value) }
        count.wrappingAdd(1, ordering: .relaxed)
        add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    private func add(_ amount: Double) {
        var (isDone, old) = (false, bits.load(ordering: .relaxed))
        while !isDone {
            let sum = Double(bitPattern: old) + amount
            (isDone, old) = bits.weakCompareExchange(expected: old, desired: sum.bitPattern, ordering: .relaxed)
        }
    }

    /// - Parameter dimensions: `name="value"`, with commas between them; empty for none.
    func lines(_ name: String, _ dimensions: String) -> String {
        let suffix = dimensions.isEmpty ? "" : "{\(dimensions)}"
        let count = count.load(ordering: .relaxed)
        let value = PrometheusMetric.text(Double(bitPattern: bits.load(ordering: .relaxed)))
        return switch kind {
        case .counter: "\(name)\(suffix) \(count)\n"
        case .gauge: "\(name)\(suffix) \(value)\n"
        case .summary: "\(name)_sum\(suffix) \(value)\n\(name)_count\(suffix) \(count)\n"
        }
    }

    private static func text(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        return value.isFinite ? "\(value)" : value < 0 ? "-Inf" : "+Inf"
    }
}
