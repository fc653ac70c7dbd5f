// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import NIOCore

/// What little a message of the relay says: the official ends read none of it, but could not take an empty one.
struct SessionName: Codable {
    var sessionID: String
    private enum CodingKeys: String, CodingKey { case sessionID = "SessionId" }
}
