// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
internal import LatchkeySystem
internal import Synchronization

/// The server's figures, each a metric of swift-metrics, and what `/metrics` says of them.
package final class ServerMetrics: Sendable {
    package let requests: Counter
    package let refusedRequests: Counter
    package let refusedFrames: Counter
    package let refusedChannels: Counter
    package let sessionsStarted: Counter
    package let sessionsEnded: Counter
    package let frames: Counter
    package let droppedConnections: Counter
    package let agents: Meter
    package let sessions: Meter
    package let connections: Meter
    package let unauthenticatedConnections: Meter
    package let unauthenticatedBytes: Meter
    package let certificateExpiry: Meter

    private let registry: PrometheusRegistry
    private let process = Mutex<(text: String, until: Int64)>(("", 0))

    package init() {
        let registry = PrometheusRegistry()
        func counter(_ label: String, _ help: String) -> Counter {
            registry.describe(label, help)
            return Counter(label: label, dimensions: [], factory: registry)
        }
        func meter(_ label: String, _ help: String) -> Meter {
            registry.describe(label, help)
            return Meter(label: label, dimensions: [], factory: registry)
        }
        requests = counter("latchkey_requests_total", "HTTP requests.")
        refusedRequests = counter("latchkey_requests_refused_total", "HTTP requests that were refused.")
        refusedFrames = counter(
            "latchkey_frames_refused_total",
            "Messages on channels that were not understood or not allowed."
        )
        refusedChannels = counter(
            "latchkey_channels_refused_total",
            "Channels that were refused or ended over what came through them."
        )
        sessionsStarted = counter("latchkey_sessions_started_total", "Sessions that were started.")
        sessionsEnded = counter("latchkey_sessions_ended_total", "Sessions that have ended.")
        frames = counter("latchkey_frames_total", "Messages passed on between the ends of sessions.")
        droppedConnections = counter(
            "latchkey_connections_dropped_total",
            "Connections closed or not taken because of a limit."
        )
        agents = meter("latchkey_agents", "Agents that are connected.")
        sessions = meter("latchkey_sessions", "Sessions that are alive.")
        connections = meter("latchkey_connections", "Connections that are open.")
        unauthenticatedConnections = meter(
            "latchkey_connections_unauthenticated",
            "Connections that have not authenticated."
        )
        unauthenticatedBytes = meter(
            "latchkey_unauthenticated_request_bytes",
            "Bytes of requests in memory on connections that have not authenticated."
        )
        certificateExpiry = meter(
            "latchkey_certificate_expiry_timestamp_seconds",
            "When the server's certificate expires, in seconds since 1970; 0 without TLS."
        )
        self.registry = registry
    }

    /// All of them, and what every exporter tells of its process, in Prometheus' text format (version 0.0.4).
    package var text: String {
        let now = SystemClock.milliseconds()
        // Looked up once a second at the most: it takes the longer the more descriptors there are, and is for everyone.
        let process = process.withLock { last in
            if now >= last.until { last = (ProcessFigures.text, now + 1000) }
            return last.text
        }
        return registry.text + process
    }
}
