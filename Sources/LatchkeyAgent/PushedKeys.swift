// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyTransport

/// The keys that were pushed for a user of this machine.
package enum PushedKeys {
    /// Milliseconds for all of it, names and credentials included; a login waits meanwhile.
    private static let usualTimeout = 5000
    /// The same while the relay has just been silent: sshd asks once for each key that it is offered.
    private static let shortTimeout = 1000

    /// Asks the relay for them. What it says are keys, and nothing that sshd could take for an option.
    ///
    /// Where it does not answer in time, its last answer counts, for as long as each of its keys was to be let in.
    ///
    /// - Parameter warn: is told in a line of a failure that refuses no login.
    /// - Returns: lines as in `authorized_keys`.
    /// - Throws: `configurationInvalid` if this machine is not registered, `relayUnreachable`, `requestRefused`.
    package static func list(
        for user: String,
        stateFolder: String,
        warn: (String) -> Void
    ) throws -> [String] {
        let access = RelayAccess(try Registration.load(from: stateFolder))
        let user = try Names.user(user)
        let memory = PushedKeyMemory(user: user, stateFolder: stateFolder)
        var known = LastPushedKeys.none
        do throws(LatchkeyError) { known = try memory.read() } catch { warn(error.message) }
        let start = BootClock.now()
        let timeout = known.wasSilent(at: start) ? shortTimeout : usualTimeout
        let failure: ServiceFailure
        switch TimeLimit.run(timeout, { ask(access, user, timeout) }) {
        case .success(let answer):
            let keys = answer.keys.map { PublicKey(line: $0)?.line }
            let left = answer.millisecondsLeft ?? []
            let lasting = zip(keys, left).compactMap { line, left in line.map { ($0, left) } }
            remember(memory, LastPushedKeys(lasting, askedAt: start), instead: known, warn)
            return keys.compactMap(\.self)
        case .failure(let error as ServiceFailure): failure = error
        case .failure(let error as TransportError): failure = .unreachable(error)
        case .failure(RelayAccess.Failure.lost(let message)):
            failure = .refused(code: "UnrecognizedClientException", status: 400, message: message)
        case .failure(let error): throw error
        case nil: failure = .unreachable(.timedOut)
        }
        let endpoint = access.registration.address.httpOrigin
        if case .refused(_, let status, _) = failure, status < 500 {
            // It has answered: whatever it said before does not count any more.
            remember(memory, .none, instead: known, warn)
            throw LatchkeyError(.requestRefused, "\(endpoint) does not tell which keys were pushed: \(failure.message)")
        }
        if failure == .unreachable(.timedOut) { remember(memory, known.silent(since: start), instead: known, warn) }
        let error = LatchkeyError(
            .relayUnreachable,
            "\(endpoint) cannot be asked which keys were pushed: \(failure.message)"
        )
        let lines = known.lines(at: BootClock.now())
        if lines.isEmpty { throw error }
        warn("\(error.message); the keys of its last answer count until they end")
        return lines
    }

    private static func ask(
        _ access: RelayAccess,
        _ user: String,
        _ timeout: Int
    ) -> Result<ListPushedKeys.Response, any Error> {
        Result { try access.call(ListPushedKeys(user: user), timeout: timeout) }
    }

    private static func remember(
        _ memory: PushedKeyMemory,
        _ keys: LastPushedKeys,
        instead known: LastPushedKeys,
        _ warn: (String) -> Void
    ) {
        guard keys != known else { return }
        do throws(LatchkeyError) { try memory.write(keys) } catch { warn(error.message) }
    }
}
