// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

struct IdentifierTests {
    @Test func `a session's id begins with what its caller's name may hold`() {
        let cases = [
            ("ann", "ann"), ("john.doe@example.com", "john.doe@example.com"), ("a b/ü\r\n:c", "a_b____c"),
            ("", "session"),
            ("--x-", "x-"), (String(repeating: "a", count: 99), String(repeating: "a", count: 64)),
        ]
        for (caller, expected) in cases {
            let id = Identifier.makeSession(caller: caller)
            #expect(id.dropLast(18) == expected, "\(caller)")
            #expect(id.suffix(18).wholeMatch(of: /-[0-9a-f]{17}/) != nil, "\(id)")
            #expect(id.utf8.count <= 96)
        }
    }

    @Test func `an access key's id has the form that tools look for`() {
        for _ in 0..<100 {
            #expect(Identifier.makeAccessKey().wholeMatch(of: /AKIA[A-Z2-7]{16}/) != nil)
        }
        #expect(Set((0..<1000).map { _ in Identifier.makeAccessKey() }).count == 1000)
    }

    @Test func `an activation's id is a lower-case UUID, and it expires at its very moment`() {
        let date = Date(timeIntervalSince1970: 10)
        let activation = Activation(expiration: date, created: date)
        #expect(activation.id.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
        #expect(activation.isExpired(at: date))
        #expect(!activation.isExpired(at: date.addingTimeInterval(-0.001)))
    }
}
