// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import NIOCore

/// What ends with an access key or an instance.
extension Relay {
    func stands(_ grant: Grant) -> Bool {
        switch grant {
        case .accessKey(let id): grants.hasAccessKey(id)
        case .consoleSession(let id, let accessKeyID):
            grants.hasAccessKey(accessKeyID) && grants.hasConsoleSession(id)
        case .agent(let id, let registered): grants.registration(of: id) == registered
        }
    }

    private func stands(_ principal: Principal) -> Bool {
        switch principal {
        case .anonymous: true
        case .user(_, let id, _): grants.hasAccessKey(id)
        case .instance(let id), .registeredKey(let id): grants.registration(of: id) != nil
        }
    }

    /// What an agent's token rests on; nil if its instance is gone.
    func grant(toAgentOf instanceID: Instance.ID) -> Grant? {
        grants.registration(of: instanceID).map { .agent(instanceID, registered: $0) }
    }

    /// Ends what rests on access keys and instances that are there no more. To be called on the loop, whenever there may be
    /// some.
    package func endRevoked() {
        loop.preconditionInEventLoop()
        tokens.drop { !stands($0) }
        for session in sessions.values {
            if grants.registration(of: session.target) == nil {
                finish(session, .terminated, .instanceRemoved, closingTime: Relay.shortClosingTime)
            } else if !grants.hasAccessKey(ofOwner: session.owner) {
                finish(session, .terminated, .ownerKeyDeleted, closingTime: Relay.shortClosingTime)
            } else {
                endRevokedLinks(of: session)
            }
        }
        for link in [controls.values.map(\.self), openingControls.values.map(\.self)].joined()
        where link.grant.map({ !stands($0) }) ?? (grants.registration(of: link.instanceID) == nil) {
            link.handler?.close(.policyViolation)
        }
        for link in unauthenticated.values where link.admission.map({ !stands($0.principal) }) ?? false {
            link.handler?.close(.policyViolation)
        }
    }

    private func endRevokedLinks(of session: RelaySession) {
        if let agent = session.agent, agent.grant.map({ !stands($0) }) ?? false {
            agent.handler?.close(.policyViolation)
        }
        guard let client = session.client, client.grant.map({ !stands($0) }) ?? false else { return }
        let isSignedOut = if case .consoleSession(_, let id)? = client.grant { grants.hasAccessKey(id) } else { false }
        detach(client, session.id, isSignedOut ? .signedOut : .keyDeleted, closingTime: Relay.shortClosingTime)
        clientLeft(session)
    }

    /// For the other end to hear why before its connection is closed.
    private static let shortClosingTime = TimeAmount.milliseconds(500)
}
