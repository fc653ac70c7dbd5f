// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyTransport

/// The keys that were pushed for a user of this machine.
package enum PushedKeys {
    /// Asks the relay for them. What it says are keys, and nothing that sshd could take for an option.
    ///
    /// - Returns: lines as in `authorized_keys`.
    /// - Throws: `configurationInvalid` if this machine is not registered, `relayUnreachable`, `requestRefused`.
    package static func list(for user: String, stateFolder: String) throws -> [String] {
        let access = RelayAccess(try Registration.load(from: stateFolder))
        let answer: ListPushedKeys.Response
        do { answer = try access.call(ListPushedKeys(user: try Names.user(user)), timeout: timeout) } catch let failure
            as ServiceFailure
        {
            let place = access.registration.address.httpOrigin
            if case .refused(_, let status, _) = failure, status < 500 {
                throw LatchkeyError(.requestRefused, "\(place) does not tell which keys were pushed: \(failure.words)")
            }
            throw LatchkeyError(.relayUnreachable, "\(place) cannot be asked which keys were pushed: \(failure.words)")
        }
        return answer.keys.compactMap { PublicKey(line: $0)?.line }
    }

    /// Milliseconds; a login waits meanwhile.
    private static let timeout = 5000
}
