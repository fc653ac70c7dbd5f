// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP

/// A response with a last element that must not lie about in memory.
struct SecretResponse<Content: Encodable & Sendable>: Encodable, SecretCarrying {
    let content: Content
    let elementName: String
    let secret: SecretBody

    func encode(to encoder: any Encoder) throws { try content.encode(to: encoder) }
}
