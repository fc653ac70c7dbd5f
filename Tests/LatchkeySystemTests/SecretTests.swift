// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import LatchkeySystem
import Testing

struct SecretTests {
    @Test func `what is taken away is gone from memory`() {
        var secret = Secret(capacity: 8)
        for byte in "hunter2".utf8 { _ = secret.append(byte) }
        secret.removeLast()
        let rest = secret.withCString { String(cString: $0) }
        #expect(rest == "hunter")
        secret.removeAll()
        let count = secret.withBytes(\.count)
        #expect(count == 0)
        let isZero = secret.withCString { $0[0] == 0 && $0[3] == 0 && $0[6] == 0 }
        #expect(isZero)
    }

    @Test func `nothing is written beyond its end`() {
        var secret = Secret(capacity: 1)
        let capacity = secret.capacity
        var taken = 0
        for _ in 0...capacity where secret.append(1) { taken += 1 }
        #expect(taken == capacity)
        let isTaken = [UInt8](repeating: 2, count: 1).withUnsafeBytes { secret.append($0) }
        #expect(!isTaken)
        let count = secret.count
        #expect(count == capacity)
    }
}
