// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import Synchronization

/// What swift-metrics counts into, and what it comes to in Prometheus' text format (version 0.0.4). A metric is there from the
/// moment it is made; the same one made twice is one.
final class PrometheusRegistry: MetricsFactory {
    private struct State {
        var help: [String: String] = [:]
        /// In the order in which they were made: all of a name, by their dimensions.
        var names: [String] = []
        var metrics: [String: [(dimensions: String, metric: PrometheusMetric)]] = [:]
    }

    private let state = Mutex(State())

    /// Says what a metric is, for a reader of the text.
    func describe(_ label: String, _ help: String) { state.withLock { $0.help[label] = help } }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, dimensions, .counter)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        make(label, dimensions, .gauge)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        make(label, dimensions, aggregate ? .summary : .gauge)
    }

    /// Seconds, which are Prometheus' unit of time.
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label, dimensions, .summary)
    }

    func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func make(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: PrometheusMetric.Kind
    ) -> PrometheusMetric {
        let dimensions = dimensions.map { "\($0)=\"\(PrometheusRegistry.escaped($1))\"" }.joined(separator: ",")
        return state.withLock { state in
            if let same = state.metrics[label]?.first(where: { $0.dimensions == dimensions })?.metric { return same }
            let metric = PrometheusMetric(kind)
            if state.metrics[label] == nil { state.names.append(label) }
            state.metrics[label, default: []].append((dimensions, metric))
            return metric
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for name in state.names { state.metrics[name]?.removeAll { $0.metric === handler } }
            state.names.removeAll { state.metrics[$0]?.isEmpty == true }
            for name in state.metrics.keys where state.metrics[name]?.isEmpty == true { state.metrics[name] = nil }
        }
    }

    var text: String {
        state.withLock { state in
            state.names
                .map { name in
                    let metrics = state.metrics[name] ?? []
                    let kind = metrics.first?.metric.kind ?? .counter
                    let lines = metrics.map { $0.metric.lines(name, $0.dimensions) }
                    return PrometheusRegistry.head(name, kind.rawValue, state.help[name]) + lines.joined()
                }
                .joined()
        }
    }

    /// What stands before the values of a name.
    static func head(_ name: String, _ kind: String, _ help: String?) -> String {
        (help.map { "# HELP \(name) \($0)\n" } ?? "") + "# TYPE \(name) \(kind)\n"
    }

    /// A dimension's value, as the format wants it.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
