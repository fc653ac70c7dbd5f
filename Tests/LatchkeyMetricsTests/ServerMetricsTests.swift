// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Testing

@testable import LatchkeyMetrics

struct ServerMetricsTests {
    private static func lines(_ text: String, of name: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.contains(name) }
    }

    @Test func `counters and gauges, in Prometheus' text format`() {
        let metrics = ServerMetrics()
        metrics.requests.increment()
        metrics.requests.increment(by: 2)
        metrics.agents.set(7)
        metrics.agents.set(3)
        #expect(
            Self.lines(metrics.text, of: "latchkey_requests_total") == [
                "# HELP latchkey_requests_total HTTP requests.", "# TYPE latchkey_requests_total counter",
                "latchkey_requests_total 3",
            ]
        )
        #expect(
            Self.lines(metrics.text, of: "latchkey_agents") == [
                "# HELP latchkey_agents Agents that are connected.", "# TYPE latchkey_agents gauge",
                "latchkey_agents 3",
            ]
        )
        #expect(metrics.text.contains("\nlatchkey_sessions_started_total 0\n"))
        #expect(Self.lines(metrics.text, of: "process_resident_memory_bytes").count == 3)
        #expect(Self.lines(metrics.text, of: "process_open_fds").count == 3)
    }

    @Test func `figures of two servers in one process are two`() {
        let (one, other) = (ServerMetrics(), ServerMetrics())
        one.frames.increment()
        #expect(Self.lines(one.text, of: "latchkey_frames_total").last == "latchkey_frames_total 1")
        #expect(Self.lines(other.text, of: "latchkey_frames_total").last == "latchkey_frames_total 0")
    }

    @Test func `dimensions, and a metric that is made twice`() {
        let registry = PrometheusRegistry()
        for amount in [1, 2] {
            Counter(label: "roads", dimensions: [("road", "relay")], factory: registry).increment(by: amount)
        }
        Counter(label: "roads", dimensions: [("road", "a \"b\" \\ c\nd")], factory: registry).increment()
        #expect(
            registry.text == """
                # TYPE roads counter
                roads{road="relay"} 3
                roads{road="a \\"b\\" \\\\ c\\nd"} 1

                """
        )
    }

    @Test func `times are seconds, and what is recorded has a count and a sum`() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "waits_seconds", dimensions: [], factory: registry)
        timer.recordNanoseconds(1_500_000_000)
        timer.recordNanoseconds(250_000_000)
        let sizes = Recorder(label: "sizes", dimensions: [], aggregate: true, factory: registry)
        sizes.record(Int64(5))
        sizes.record(Int64(7))
        let last = Recorder(label: "last", dimensions: [], aggregate: false, factory: registry)
        last.record(0.5)
        last.record(-0.25)
        #expect(
            registry.text == """
                # TYPE waits_seconds summary
                waits_seconds_sum 1.75
                waits_seconds_count 2
                # TYPE sizes summary
                sizes_sum 12
                sizes_count 2
                # TYPE last gauge
                last -0.25

                """
        )
    }

    @Test func `a meter goes up and down, and what is destroyed is gone`() {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "load", dimensions: [], factory: registry)
        meter.increment(by: 2.5)
        meter.decrement(by: 1.0)
        #expect(registry.text.hasSuffix("load 1.5\n"))
        meter.destroy()
        #expect(registry.text == "")
    }
}
