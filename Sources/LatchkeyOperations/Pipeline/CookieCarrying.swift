// SPDX-License-Identifier: Apache-2.0

/// A response that has a browser keep or forget a cookie.
protocol CookieCarrying: Sendable {
    /// The value of `Set-Cookie`; empty for none.
    var cookie: String { get }
}
