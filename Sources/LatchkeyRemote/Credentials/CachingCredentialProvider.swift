// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import LatchkeyAPI
package import LatchkeyModel
internal import Synchronization

/// The credentials in force, found at the first use and anew before they expire. Safe on several threads, which wait
/// for each other: the user is not asked for a code twice.
package final class CachingCredentialProvider: Sendable {
    /// Seconds before their end from which on new ones are looked for.
    private static let margin: TimeInterval = 300

    private let chain: CredentialChain
    private let state = Mutex<Result<ExpiringCredentials, LatchkeyError>?>(nil)

    package init(_ chain: CredentialChain) { self.chain = chain }

    /// - Throws: what ``CredentialChain/resolve()`` throws. A failure is remembered: asking again would only fail
    ///   slowly.
    package func credentials() throws(LatchkeyError) -> Credentials { try current().credentials }

    /// The same with their end, and where they come from.
    func current() throws(LatchkeyError) -> ExpiringCredentials {
        let result = state.withLock { state in
            if case .success(let known) = state {
                if known.isGood(for: CachingCredentialProvider.margin) {
                    return Result<_, LatchkeyError>.success(known)
                }
                // Those that cannot be renewed serve as long as they last.
                let renewed = find()
                if case .failure = renewed, known.isGood(for: 0) { return .success(known) }
                state = renewed
                return renewed
            }
            let found = state ?? find()
            state = found
            return found
        }
        return try result.get()
    }

    private func find() -> Result<ExpiringCredentials, LatchkeyError> {
        do { return .success(try chain.resolve()) } catch let error as LatchkeyError { return .failure(error) } catch {
            return .failure(LatchkeyError(.credentialsUnavailable, "\(error)".terminalSafe))
        }
    }
}
