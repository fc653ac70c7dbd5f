// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Figures about the server, in Prometheus' text format (version 0.0.4).
package final class Metrics: Sendable {
    package enum Counter: Int, CaseIterable, Sendable {
        case requests, refusedRequests, refusedFrames, refusedChannels, sessionsStarted, sessionsEnded, frames
        case droppedConnections

        var name: String {
            switch self {
            case .requests: "latchkey_requests_total"
            case .refusedRequests: "latchkey_requests_refused_total"
            case .refusedFrames: "latchkey_frames_refused_total"
            case .refusedChannels: "latchkey_channels_refused_total"
            case .sessionsStarted: "latchkey_sessions_started_total"
            case .sessionsEnded: "latchkey_sessions_ended_total"
            case .frames: "latchkey_frames_total"
            case .droppedConnections: "latchkey_connections_dropped_total"
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
            case .droppedConnections: "Connections closed or not taken because of a limit."
            }
        }
    }

    package enum Gauge: Int, CaseIterable, Sendable {
        case agents, sessions, connections, unauthenticatedConnections, unauthenticatedBytes, certificateExpiry

        var name: String {
            switch self {
            case .agents: "latchkey_agents"
            case .sessions: "latchkey_sessions"
            case .connections: "latchkey_connections"
            case .unauthenticatedConnections: "latchkey_connections_unauthenticated"
            case .unauthenticatedBytes: "latchkey_unauthenticated_request_bytes"
            case .certificateExpiry: "latchkey_certificate_expiry_timestamp_seconds"
            }
        }

        var help: String {
            switch self {
            case .agents: "Agents that are connected."
            case .sessions: "Sessions that are alive."
            case .connections: "Connections that are open."
            case .unauthenticatedConnections: "Connections that have not authenticated."
            case .unauthenticatedBytes: "Bytes of requests in memory on connections that have not authenticated."
            case .certificateExpiry: "When the server's certificate expires, in seconds since 1970; 0 without TLS."
            }
        }
    }

    private struct Values {
        var counters = [UInt64](repeating: 0, count: Counter.allCases.count)
        var gauges = [Int](repeating: 0, count: Gauge.allCases.count)
    }

    private let values = Mutex(Values())

    package init() {}

    package func count(_ counter: Counter) { values.withLock { $0.counters[counter.rawValue] &+= 1 } }

    package func set(_ gauge: Gauge, _ value: Int) { values.withLock { $0.gauges[gauge.rawValue] = value } }

    package var text: String {
        let now = values.withLock { $0 }
        let counters = Counter.allCases.map {
            "# HELP \($0.name) \($0.help)\n# TYPE \($0.name) counter\n\($0.name) \(now.counters[$0.rawValue])\n"
        }
        let gauges = Gauge.allCases.map {
            "# HELP \($0.name) \($0.help)\n# TYPE \($0.name) gauge\n\($0.name) \(now.gauges[$0.rawValue])\n"
        }
        return (counters + gauges).joined() + process()
    }

    private let lastProcess = Mutex<(text: String, until: Int64)>(("", 0))

    /// Looked up once a second at the most: it takes the longer the more descriptors there are, and is for everyone.
    private func process() -> String {
        let now = SystemClock.milliseconds()
        return lastProcess.withLock { last in
            if now >= last.until { last = (Metrics.process, now + 1000) }
            return last.text
        }
    }

    /// What every exporter of Prometheus tells of its process.
    private static var process: String {
        var text = ""
        if let pages = resident {
            text += "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
            text +=
                "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes \(pages * sysconf(Int32(_SC_PAGESIZE)))\n"
        }
        if let folder = opendir("/proc/self/fd") {
            // Not `.`, `..` and the folder itself.
            var count = -3
            while readdir(folder) != nil { count += 1 }
            closedir(folder)
            text += "# HELP process_open_fds Number of open file descriptors.\n"
            text += "# TYPE process_open_fds gauge\nprocess_open_fds \(max(0, count))\n"
        }
        return text
    }

    /// Pages of memory that are there: the second number of `statm` (proc(5)).
    private static var resident: Int? {
        guard let content = try? StateFile.read("/proc/self/statm") else { return nil }
        return String(decoding: content, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
