// SPDX-License-Identifier: Apache-2.0

/// What the payload of a stream message is.
package enum PayloadType: UInt32, CaseIterable, Sendable {
    /// 0 in every message that is not stream data.
    case none = 0
    /// Output, and input in the other direction.
    case output = 1
    case error = 2
    case size = 3
    case parameter = 4
    case handshakeRequest = 5
    case handshakeResponse = 6
    case handshakeComplete = 7
    case challengeRequest = 8
    case challengeResponse = 9
    case flag = 10
    case standardError = 11
    case exitCode = 12
    /// Latchkey's own, sent only to a peer that said in the handshake that it knows it: no more input comes.
    case inputEnd = 0x4C4B_0001
    /// Latchkey's own, likewise: a signal for the process, its name without `SIG`.
    case signal = 0x4C4B_0002
}
