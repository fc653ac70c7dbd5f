// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP

/// What a ``RequestCoding`` puts behind the encoded content.
protocol SecretCarrying: Sendable {
    var elementName: String { get }
    /// The element's text, in UTF-8.
    var secret: SecretBody { get }
}
