// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct AccessKeyTests {
    @Test func `an access key comes back with its sealed secret`() throws {
        try withEachStore { store, another in
            let first = AccessKey(userName: "ann", isAdmin: true, created: time(1))
            let second = AccessKey(userName: "ann", created: time(2), lastUsed: time(3.25))
            let other = AccessKey(userName: "bob", created: time(0))
            for (key, secret) in [(other, [1, 2]), (second, [0]), (first, [])] as [(AccessKey, [UInt8])] {
                try store.addAccessKey(key, sealedSecret: secret)
            }
            #expect(try another().accessKeys() == [first, second, other])
            let found = try #require(try store.accessKey(other.id))
            #expect(found.key == other)
            #expect(found.sealedSecret == [1, 2])
            #expect(try store.accessKey("AKIA") == nil)
        }
    }

    @Test func `a removed access key is gone, and one that is not there is told`() throws {
        try withEachStore { store, _ in
            let key = AccessKey(userName: "ann", created: time(0))
            try store.addAccessKey(key, sealedSecret: [1])
            try store.removeAccessKey(key.id)
            #expect(try store.accessKey(key.id) == nil)
            #expect(code { try store.removeAccessKey(key.id) } == .accessKeyNotFound)
        }
    }

    @Test func `a use is noted once a minute and never backwards`() throws {
        try withEachStore { store, _ in
            let key = AccessKey(userName: "ann", created: time(0))
            try store.addAccessKey(key, sealedSecret: [1])
            let uses: [(Double, Double)] = [(10, 10), (69, 10), (70, 70), (40, 70), (129.999, 70), (500, 500)]
            for (now, noted) in uses {
                try store.noteAccessKeyUses([key.id: time(now), "AKIA": time(0)])
                #expect(try store.accessKey(key.id)?.key.lastUsed == time(noted), "\(now)")
            }
            #expect(try store.accessKeys().count == 1)
        }
    }
}
