// SPDX-License-Identifier: Apache-2.0

/// Signs a browser out of the console.
package struct DeleteConsoleSession: ServiceRequest {
    package static let operation = "DeleteConsoleSession"
    package static let target = ServiceTarget.latchkey
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    /// Nil for the one that asks.
    package var sessionId: String?
}
