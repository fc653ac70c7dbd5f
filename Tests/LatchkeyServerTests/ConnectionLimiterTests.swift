// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyMetrics
@testable import LatchkeyServer

struct ConnectionLimiterTests {
    private final class Place {
        let loop = EmbeddedEventLoop()
        let metrics = ServerMetrics()
        let limiter: ConnectionLimiter

        init(_ change: (inout ConnectionLimits) -> Void, origin: PublicOrigin = .ofRequest) {
            var limits = ConnectionLimits(descriptors: 1024)
            change(&limits)
            limiter = ConnectionLimiter(
                limits,
                origin: origin,
                metrics: metrics,
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        func channel(_ address: String = "192.0.2.1") throws -> EmbeddedChannel {
            let channel = EmbeddedChannel(loop: loop)
            // An EmbeddedChannel has the address to which it was connected.
            try channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
            return channel
        }

        func admit(_ channel: EmbeddedChannel) -> TrackedConnection? { limiter.admit(channel) }
    }

    @Test func `limits leave descriptors for all else, and most connections for those that have authenticated`() {
        let limits = ConnectionLimits(descriptors: 16_512)
        #expect(limits.connections == 16_384)
        #expect(limits.unauthenticated == 2048)
        #expect(limits.unauthenticatedPerSource == 64)
        #expect(ConnectionLimits(descriptors: 256).unauthenticated == 32)
        #expect(ConnectionLimits(descriptors: 10).connections == 16)
    }

    @Test func `silent connections go before those that wait, the oldest first`() throws {
        let place = Place { $0.unauthenticated = 3 }
        let channels = try (1...5).map { try place.channel("192.0.2.\($0)") }
        let first = try #require(place.admit(channels[0]))
        _ = try #require(place.admit(channels[1]))
        _ = try #require(place.admit(channels[2]))
        first.setWaiting(true)
        #expect(place.admit(channels[3]) != nil)
        #expect(channels.map(\.isActive) == [true, false, true, true, true])
        #expect(place.admit(channels[4]) != nil)
        #expect(channels.map(\.isActive) == [true, false, false, true, true])
        // It has been silent for a shorter time than the others.
        first.setWaiting(false)
        _ = try place.admit(place.channel("192.0.2.6"))
        #expect(channels.map(\.isActive) == [true, false, false, false, true])
    }

    @Test func `connections that wait go when no other is there`() throws {
        let place = Place { $0.unauthenticated = 2 }
        let channels = try (1...3).map { try place.channel("192.0.2.\($0)") }
        for channel in channels[..<2] { place.admit(channel)?.setWaiting(true) }
        #expect(place.admit(channels[2]) != nil)
        #expect(channels.map(\.isActive) == [false, true, true])
    }

    @Test func `authenticated connections stay, and only the limit of all is for them`() throws {
        let place = Place {
            $0.connections = 4
            $0.unauthenticated = 2
            $0.unauthenticatedPerSource = 1
        }
        let known = try (1...3).map { _ in try place.channel() }
        for channel in known { place.admit(channel)?.authenticate() }
        let stranger = try place.channel()
        #expect(place.admit(stranger) != nil)
        #expect(known.allSatisfy { $0.isActive })
        let last = try place.channel("192.0.2.9")
        #expect(place.admit(last) != nil)
        #expect(!stranger.isActive)
        place.limiter.makeRoom()
        #expect(!last.isActive)
        #expect(known.allSatisfy { $0.isActive })
        place.loop.run()
        // The last place is taken by one that authenticates; then there is none.
        try #require(try place.admit(place.channel("192.0.2.7"))).authenticate()
        #expect(try place.admit(place.channel("192.0.2.8")) == nil)
    }

    @Test func `a source's connections push out its own only`() throws {
        let place = Place { $0.unauthenticatedPerSource = 2 }
        let other = try place.channel("198.51.100.1")
        _ = place.admit(other)
        let channels = try (0..<4).map { _ in try place.channel() }
        for channel in channels { #expect(place.admit(channel) != nil) }
        #expect(channels.map(\.isActive) == [false, false, true, true])
        #expect(other.isActive)
    }

    @Test func `a proxy is many clients`() throws {
        let range = try #require(AddressRange("192.0.2.0/24"))
        let place = Place({ $0.unauthenticatedPerSource = 2 }, origin: try PublicOrigin(proxies: [range]))
        let channels = try (0..<9).map { _ in try place.channel() }
        for channel in channels { #expect(place.admit(channel) != nil) }
        #expect(channels.allSatisfy { $0.isActive })
    }

    @Test func `connections that have sent most are closed where all have sent too much`() throws {
        let place = Place { $0.unauthenticatedBytes = 1000 }
        let channels = try (1...3).map { try place.channel("192.0.2.\($0)") }
        let connections = channels.compactMap { place.admit($0) }
        connections[0].setBytes(300)
        connections[1].setBytes(600)
        connections[2].setBytes(100)
        #expect(channels.allSatisfy { $0.isActive })
        connections[2].setBytes(200)
        #expect(channels.map(\.isActive) == [true, false, true])
        // What an authenticated one sends is not counted, nor what it had sent before.
        connections[0].authenticate()
        connections[0].setBytes(5000)
        connections[2].setBytes(1000)
        #expect(channels.map(\.isActive) == [true, false, true])
        connections[2].setBytes(1001)
        #expect(channels.map(\.isActive) == [true, false, false])
    }

    @Test func `connections that come, go and come again leave nothing behind`() throws {
        let place = Place { $0.unauthenticated = 4 }
        for round in 0..<1000 {
            let channel = try place.channel("192.0.2.\(round % 250)")
            let connection = try #require(place.admit(channel))
            connection.setBytes(10)
            for _ in 0..<3 {
                connection.setWaiting(true)
                connection.setWaiting(false)
            }
            if round % 2 == 0 { connection.authenticate() }
            try channel.close().wait()
            place.loop.run()
        }
        let text = place.metrics.text
        for line in [
            "latchkey_connections 0", "latchkey_connections_unauthenticated 0",
            "latchkey_unauthenticated_request_bytes 0",
        ] {
            #expect(text.contains("\n\(line)\n"))
        }
    }

    @Test func `a connection that has ended is let go of`() throws {
        let place = Place { _ in }
        weak var connection: TrackedConnection?
        do {
            let channel = try place.channel()
            connection = place.admit(channel)
            connection?.setWaiting(true)
            #expect(connection != nil)
            try channel.close().wait()
            place.loop.run()
        }
        #expect(connection == nil)
    }

    @Test func `sources are IPv4 addresses and IPv6 networks of 64 bits`() {
        let source = { ConnectionSource(address: $0) }
        #expect(source("192.0.2.1") == source("::ffff:192.0.2.1"))
        #expect(source("192.0.2.1") != source("192.0.2.2"))
        #expect(source("2001:db8::1") == source("2001:db8::ffff:2"))
        #expect(source("2001:db8::1") != source("2001:db8:0:1::1"))
        #expect(source("fe80::1%eth0") == source("fe80::2"))
        #expect(source("::1") != source("0.0.0.0"))
        #expect(source("::1") != source("::ffff:0.0.0.0"))
    }
}
