// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
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
}
