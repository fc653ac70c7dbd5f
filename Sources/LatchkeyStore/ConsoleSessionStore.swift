// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Sign-ins to the console, and the links that open one. Both end with the access key that they rest on.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol ConsoleSessionStore: Sendable {
    /// - Parameter tokenDigest: SHA-256 of what shows it; no two sessions have the same.
    /// - Throws: `accessKeyNotFound` if the access key is gone.
    func addConsoleSession(_ session: ConsoleSession, tokenDigest: [UInt8]) throws

    /// Those that have not come to their end, with the digests of what shows them, the oldest first. Those that have are
    /// forgotten.
    func consoleSessions(at now: Date) throws -> [(session: ConsoleSession, tokenDigest: [UInt8])]

    /// Ends a session; nothing happens if there is none.
    func removeConsoleSession(_ id: ConsoleSession.ID) throws

    /// Notes when sessions were used, all or none of them; a note that is later stays, and sessions that are gone are passed over.
    func noteConsoleSessionUses(_ dates: [ConsoleSession.ID: Date]) throws

    /// Lets a code open one session for an access key, until a time.
    ///
    /// - Parameter codeDigest: SHA-256 of the code.
    /// - Throws: `accessKeyNotFound` if the access key is gone.
    func addConsoleLink(codeDigest: [UInt8], for accessKeyID: AccessKey.ID, until end: Date) throws

    /// Uses up a code. Of several who have the same one, the first alone is told whose it is.
    ///
    /// - Returns: nil if there is no such code, or its time is over.
    func redeemConsoleLink(codeDigest: [UInt8], at now: Date) throws -> AccessKey.ID?
}
