// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyTransport

struct DialerTests {
    private func failure(_ hosts: [String], port: Int, timeout: Int = 60_000) -> DialFailure? {
        do throws(DialFailure) {
            _ = try Dialer.dial(hosts: hosts, port: port, timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a second address is tried beside a first that does not answer`() throws {
        try TestInstance.with(authorizing: []) { instance in
            // Nothing listens at 127.0.0.9.
            let connected = try Dialer.dial(hosts: ["127.0.0.9", "127.0.0.1"], port: instance.port, timeout: 60_000)
            #expect(connected.address == "127.0.0.1")
        }
    }

    @Test func `a closed port is told as refused`() {
        #expect(failure(["127.0.0.9"], port: 9) == .unreachable("connection refused"))
    }

    @Test func `a name that does not exist is told`() {
        #expect(failure(["no-such-host.invalid"], port: 22) == .unknownHost("no-such-host.invalid"))
    }

    @Test func `no address at all is an error`() {
        #expect(failure([], port: 22) != nil)
    }

    // MARK: Names

    /// What a test decides about names: a lookup waits for as long as its name is held back.
    private final class Names: Sendable {
        private let state = Mutex<(held: Set<String>, asked: Set<String>)>(([], []))

        init(holding names: String...) { state.withLock { $0.held = Set(names) } }

        var asked: Set<String> { state.withLock { $0.asked } }

        func release() { state.withLock { $0.held = [] } }

        /// Every name is another name of 127.0.0.1.
        func lookup(_ host: String, _ port: Int) -> Resolver.Answer {
            state.withLock { _ = $0.asked.insert(host) }
            while state.withLock({ $0.held.contains(host) }) { usleep(10_000) }
            return host.hasSuffix(".invalid") ? .failure(.unknownHost(host)) : Resolver.system("127.0.0.1", port)
        }
    }

    private func dial(_ hosts: [String], _ names: Names, port: Int, timeout: Int = 60_000) throws -> String {
        try Dialer.dial(hosts: hosts, port: port, timeout: timeout) { names.lookup($0, $1) }.address
    }

    @Test func `a name that is looked up for ever holds up neither another one nor an address`() throws {
        let names = Names(holding: "slow.example", "slower.example")
        defer { names.release() }
        try TestInstance.with(authorizing: []) { (instance) throws in
            #expect(try dial(["slow.example", "127.0.0.1"], names, port: instance.port) == "127.0.0.1")
            #expect(
                try dial(["slow.example", "slower.example", "quick.example"], names, port: instance.port) == "127.0.0.1"
            )
        }
        #expect(names.asked == ["slow.example", "slower.example", "quick.example"])
    }

    @Test func `looking up a name takes its time from that of the whole`() {
        let names = Names(holding: "slow.example")
        defer { names.release() }
        #expect(throws: DialFailure.timedOut) { try dial(["slow.example"], names, port: 9, timeout: 300) }
        // The addresses that are known refuse; the name may still be good.
        #expect(throws: DialFailure.timedOut) { try dial(["127.0.0.9", "slow.example"], names, port: 9, timeout: 300) }
    }

    @Test func `a name that is found late is dialled, and one that is not is told of last`() throws {
        let names = Names(holding: "slow.example")
        Thread.detachNewThread {
            while !names.asked.contains("slow.example") { usleep(10_000) }
            names.release()
        }
        try TestInstance.with(authorizing: []) { (instance) throws in
            #expect(try dial(["gone.invalid", "slow.example"], names, port: instance.port) == "127.0.0.1")
        }
        let refused = DialFailure.unreachable("connection refused")
        #expect(throws: refused) { try dial(["127.0.0.9", "gone.invalid"], names, port: 9) }
        #expect(throws: DialFailure.unknownHost("gone.invalid")) { try dial(["gone.invalid"], names, port: 9) }
    }
}
