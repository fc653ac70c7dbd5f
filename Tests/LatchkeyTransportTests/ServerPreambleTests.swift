// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import LatchkeyTransport

struct ServerPreambleTests {
    /// What is left in a socket, or why nothing could be used, after the other end has said this.
    private func outcome(of chunks: [String], closes: Bool = false, timeout: Int = 60_000) -> Result<
        String, ServerPreamble.Failure
    > {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        let (server, client) = (ends[0], ends[1])
        defer { close(client) }
        let thread = Thread {
            for chunk in chunks {
                let bytes = Array(chunk.utf8)
                _ = send(server, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                usleep(20_000)
            }
            if closes { shutdown(server, Int32(SHUT_RDWR)) }
        }
        thread.start()
        defer {
            while !thread.isFinished { usleep(1000) }
            close(server)
        }
        do throws(ServerPreamble.Failure) {
            try ServerPreamble.skip(on: client, timeout: timeout)
        } catch {
            return .failure(error)
        }
        while !thread.isFinished { usleep(1000) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(client, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return .success(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
    }

    private static let identification = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"

    @Test func `what comes before the identification is taken out, however long its lines are`() {
        let line = String(repeating: "x", count: 8000) + "\r\n"
        for before in [[], ["hello\n"], [line, line, "\n"], Array(repeating: "line\r\n", count: 20)] {
            #expect(outcome(of: before + [Self.identification, "next"]) == .success(Self.identification + "next"))
            #expect(outcome(of: [(before + [Self.identification]).joined()]) == .success(Self.identification))
        }
        #expect(outcome(of: ["li", "ne\nSS", "H-2.0-x", "\r\n"]) == .success("SSH-2.0-x\r\n"))
    }

    @Test func `an identification has 255 bytes at the most`() {
        let long = "SSH-2.0-" + String(repeating: "x", count: 245)
        #expect(outcome(of: [long + "\r\n"]) == .success(long + "\r\n"))
        #expect(outcome(of: [long + "y\r\n"]) == .failure(.identificationTooLong(256)))
        #expect(outcome(of: ["SSH-" + String(repeating: "x", count: 9000)]) == .failure(.identificationTooLong(8192)))
    }

    @Test func `one that says something else is told`() {
        #expect(outcome(of: [], closes: true) == .failure(.closed(nil)))
        #expect(outcome(of: ["Exceeded MaxStartups\r\n"], closes: true) == .failure(.closed("Exceeded MaxStartups")))
        #expect(outcome(of: ["half a line"], closes: true) == .failure(.closed(nil)))
        #expect(outcome(of: ["a\u{1B}[2J\n"], closes: true) == .failure(.closed("a\\u{1B}[2J")))
        #expect(outcome(of: [String(repeating: "x", count: 9000)]) == .failure(.endless))
        #expect(outcome(of: [String(repeating: "x\n", count: 1100)]) == .failure(.endless))
        #expect(outcome(of: ["220 mail\r\n"], timeout: 200) == .failure(.timedOut))
    }
}
