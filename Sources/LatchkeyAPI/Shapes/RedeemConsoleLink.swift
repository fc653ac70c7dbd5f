// SPDX-License-Identifier: Apache-2.0

/// Signs a browser in to the console with a code that was made for that.
package struct RedeemConsoleLink: ServiceRequest {
    package static let operation = "RedeemConsoleLink"
    package static let target = ServiceTarget.latchkey
    package typealias Response = CreateConsoleSession.Response

    package var code: String
}
