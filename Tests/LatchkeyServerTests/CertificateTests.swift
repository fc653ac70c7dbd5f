// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// The server's certificate while time passes and while it is replaced.
    struct ServerCertificates {
        /// What a certificate that is served says.
        private struct Served: Equatable {
            let serial: String
            let names: String
            let end: Date

            init(_ relay: TestRelay) throws {
                let show = """
                    openssl s_client -connect 127.0.0.1:\(relay.port) -CAfile '\(relay.authority)' </dev/null 2>/dev/null |
                        openssl x509 -noout -serial -enddate -dateopt iso_8601 -ext subjectAltName
                    """
                let lines = try Execution.require(["bash", "-c", show]).text.split(separator: "\n").map(String.init)
                func value(_ name: String) -> String {
                    lines.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) } ?? ""
                }
                serial = value("serial=")
                names = lines.last?.trimmingCharacters(in: .whitespaces) ?? ""
                let formatter = DateFormatter()
                formatter.dateFormat = "yyyy-MM-dd HH:mm:ss'Z'"
                formatter.timeZone = TimeZone(identifier: "UTC")
                formatter.locale = Locale(identifier: "en_US_POSIX")
                guard let end = formatter.date(from: value("notAfter=")) else {
                    throw HarnessError("no certificate is served: \(lines)")
                }
                self.end = end
            }
        }

        private static let day = 24.0 * 3600

        @Test(.enabled(if: TestClock.isThere))
        func `a certificate is renewed in its last month, with its names, while sessions go on`() throws {
            try Scratch.with { scratch in
                let clock = try TestClock(scratch)
                try TestRelay.with(scratch, through: clock.words) { relay in
                    let first = try Served(relay)
                    #expect(first.names.contains("DNS:localhost") && first.names.contains("IP Address:127.0.0.1"))
                    #expect(
                        try relay.metric("latchkey_certificate_expiry_timestamp_seconds")
                            == Int(first.end.timeIntervalSince1970)
                    )
                    try clock.set(days: 61)
                    try TestRelay.wait(for: "another certificate") { try Served(relay).serial != first.serial }
                    let second = try Served(relay)
                    #expect(second.names == first.names)
                    #expect(abs(second.end.timeIntervalSince(first.end) - 61 * Self.day) < Self.day)
                    #expect(try relay.logs("certificate renewed"))
                    // A clock that was wrong leaves nothing behind that clients refuse; and neither does a restart.
                    try clock.set(days: 0)
                    #expect(try relay.python("print(client().describe_sessions(State='Active')['Sessions'])") == "[]")
                    try relay.end(by: SIGTERM)
                    try relay.start()
                    #expect(try Served(relay) == second)
                    try clock.set(days: 500)
                    try TestRelay.wait(for: "a third certificate") { try Served(relay).serial != second.serial }
                    try clock.set(days: 0)
                    #expect(try relay.python("print(client().describe_sessions(State='Active')['Sessions'])") == "[]")
                }
            }
        }

        @Test func `a certificate that was replaced is used at once, and one that cannot be read is not`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let first = try Served(relay)
                    try relay.latchkeyd("init", "--name", "relay.example", "--port", String(relay.port))
                    try TestRelay.wait(for: "the new certificate") { try Served(relay).serial != first.serial }
                    let second = try Served(relay)
                    #expect(second.names.contains("DNS:relay.example"))
                    try scratch.write("\(scratch.latchkeyHome)/tls/server.pem", "nothing\n")
                    try TestRelay.wait(for: "a word about it") { try relay.log().contains("cannot be used") }
                    #expect(try Served(relay) == second)
                }
            }
        }

        @Test func `an authority that was made for names certifies no other ones`() throws {
            try Scratch.with { scratch in
                let program = Scratch.program(named: "latchkeyd")
                func initialize(_ names: String...) throws -> Execution {
                    try Execution.run(
                        [program, "init"] + names.flatMap { ["--name", $0] },
                        environment: scratch.environment
                    )
                }
                #expect(try initialize("relay.example").status == 0)
                #expect(try initialize("a.relay.example", "10.0.0.7").status == 0)
                let refused = try initialize("other.example")
                #expect(refused.status != 0)
                #expect(refused.error.contains("may not certify 'other.example'"))
                #expect(refused.error.contains("hint: move "))
            }
        }

        @Test func `TLS 1.2 is spoken with authenticated encryption only`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { (relay) throws in
                    func status(_ ciphers: String) throws -> Int32 {
                        try Execution.run([
                            "bash", "-c",
                            "openssl s_client -connect 127.0.0.1:\(relay.port) -tls1_2 -cipher '\(ciphers)' </dev/null",
                        ])
                        .status
                    }
                    let suites = [
                        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
                        "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-CCM",
                    ]
                    #expect(try suites.map { try status($0) == 0 } == [true, true, false])
                }
            }
        }
    }
}
