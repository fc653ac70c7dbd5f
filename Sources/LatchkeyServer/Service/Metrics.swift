// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Figures about the server, in Prometheus' text format (version 0.0.4).
package final class Metrics: Sendable {
    package enum Counter: Int, CaseIterable, Sendable {
        case requests, refusedRequests, refusedFrames, refusedChannels, sessionsStarted, sessionsEnded, frames

        var name: String {
            switch self {
            case .requests: "latchkey_requests_total"
            case .refusedRequests: "latchkey_requests_refused_total"
            case .refusedFrames: "latchkey_frames_refused_total"
            case .refusedChannels: "latchkey_channels_refused_total"
            case .sessionsStarted: "latchkey_sessions_started_total"
            case .sessionsEnded: "latchkey_sessions_ended_total"
            case .frames: "latchkey_frames_total"
            }
        }

        var help: String {
            switch self {
            case .requests: "HTTP requests."
            case .refusedRequests: "HTTP requests that were refused."
            case .refusedFrames: "Messages on channels that were not understood or not allowed."
            case .refusedChannels: "Channels that were refused or ended over what came through them."
            case .sessionsStarted: "Sessions that were started."
            case .sessionsEnded: "Sessions that have ended."
            case .frames: "Messages passed on between the ends of sessions."
            }
        }
    }

    package enum Gauge: Int, CaseIterable, Sendable {
        case agents, sessions

        var name: String { self == .agents ? "latchkey_agents" : "latchkey_sessions" }
        var help: String { self == .agents ? "Agents that are connected." : "Sessions that are alive." }
    }

    private struct Values {
        var counters = [UInt64](repeating: 0, count: Counter.allCases.count)
        var gauges = [Int](repeating: 0, count: Gauge.allCases.count)
    }

    private let values = Mutex(Values())

    package init() {}

    func count(_ counter: Counter) { values.withLock { $0.counters[counter.rawValue] &+= 1 } }

    func set(_ gauge: Gauge, _ value: Int) { values.withLock { $0.gauges[gauge.rawValue] = value } }

    var text: String {
        let now = values.withLock { $0 }
        let counters = Counter.allCases.map {
            "# HELP \($0.name) \($0.help)\n# TYPE \($0.name) counter\n\($0.name) \(now.counters[$0.rawValue])\n"
        }
        let gauges = Gauge.allCases.map {
            "# HELP \($0.name) \($0.help)\n# TYPE \($0.name) gauge\n\($0.name) \(now.gauges[$0.rawValue])\n"
        }
        return (counters + gauges).joined()
    }
}
