// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyKeys

struct BlowfishStateTests {
    @Test func `it begins with the fraction of pi, and so it ends`() {
        let state = BlowfishState.initial
        #expect(state.count == 18 + 4 * 256)
        // Schneier's P-array begins and ends, and his first S-box begins, with these; then the last word of the fourth.
        #expect(state.prefix(2) == [0x243F_6A88, 0x85A3_08D3])
        #expect(state[16...17] == [0x9216_D5D9, 0x8979_FB1B])
        #expect(state[18] == 0xD131_0BA6)
        #expect(state.last == 0x3AC3_72E6)
    }
}
