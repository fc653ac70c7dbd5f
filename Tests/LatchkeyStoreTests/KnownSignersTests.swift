// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct KnownSignersTests {
    @Test func `access keys that another process makes and deletes are known`() throws {
        try withEachStore { other, another in
            let signers = KnownSigners(try another())
            #expect(try !signers.refresh())
            let (first, second) = (
                AccessKey(userName: "ann", isAdmin: true, created: time(1)),
                AccessKey(userName: "ann", created: time(2))
            )
            try other.addAccessKey(first, sealedSecret: [1])
            try other.addAccessKey(second, sealedSecret: [2])
            #expect(signers.user(first.id) == nil && !signers.hasUser(named: "ann"))
            // One that is used before the next look is asked for by itself.
            #expect(signers.currentUser(first.id) == SealedAccessKey(name: "ann", isAdmin: true, sealedSecret: [1]))
            #expect(signers.user(first.id) != nil && signers.user(second.id) == nil)
            #expect(try signers.refresh() && signers.user(second.id)?.sealedSecret == [2])
            #expect(try !signers.refresh())
            try other.removeAccessKey(first.id)
            #expect(signers.user(first.id) != nil)
            #expect(signers.currentUser(first.id) == nil && signers.user(first.id) == nil)
            // What was found by that is told of by the next look.
            #expect(try signers.refresh() && signers.hasUser(named: "ann"))
            try other.removeAccessKey(second.id)
            #expect(try signers.refresh() && !signers.hasUser(named: "ann") && signers.user(second.id) == nil)
        }
    }
}
