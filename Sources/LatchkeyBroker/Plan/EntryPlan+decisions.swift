// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

extension EntryPlan {
    /// The road for work that takes several connections over SSH, all over the same one, once one of them has ended with an error.
    ///
    /// - Parameters:
    ///   - road: the one that was asked for; nil for the best one that is open, which is tried directly first.
    ///   - agent: what the relay said of the instance's agent; nil without a relay. It is asked only where that matters.
    /// - Returns: nil if no other road answers the error.
    static func roadOfWork(
        after error: LatchkeyError,
        _ road: Road?,
        _ agent: @autoclosure () -> AgentPresence?
    ) -> Road? {
        guard road == nil, error.code == .instanceUnreachable, agent()?.isConnected == true else { return nil }
        return .sshOverRelay
    }

    /// What to do after these attempts.
    ///
    /// A road is left only for a reason that the next one answers: no address answers, no key fits, the login is refused. It is
    /// never left for a host key that changed or is not attested.
    ///
    /// - Parameters:
    ///   - attempts: all that were made, the first one first.
    ///   - agent: what the relay said of the instance's agent; nil if it was not asked.
    func decision(after attempts: [EntryAttempt], agent: AgentPresence?) -> EntryDecision {
        guard let last = attempts.last else { return first(agent) }
        if last.step == .session { return .stop(last.error, note: nil) }
        if attempts.count == 1, case .pushedKey = last.step, isOwnKeyWorthATry(after: last.error) {
            return .take(.ownKeys(over: directRoad), because: nil)
        }
        if road != nil || goal == .ssh { return afterOnlyRoad(attempts, agent) }
        return afterDirectRoad(attempts, agent)
    }

    /// The road of SSH that is taken first.
    private var directRoad: Road { road ?? .ssh }

    /// Where no key is verified to fit and the instance says that it takes pushed keys, one is pushed first: others, which are
    /// ranked only, would be failed logins in its log, and take longer.
    private func first(_ agent: AgentPresence?) -> EntryDecision {
        if road == .relay { return .take(.session, because: nil) }
        guard relay != nil, !hasVerifiedKey else { return .take(.ownKeys(over: directRoad), because: nil) }
        guard let agent else { return .askAgent }
        guard pushing(agent) == .supported else { return .take(.ownKeys(over: directRoad), because: nil) }
        return .take(.pushedKey(over: road.map { [$0] } ?? [.ssh, .sshOverRelay], .supported), because: lacksKey)
    }

    private var lacksKey: LatchkeyError {
        let name = "'\(instance.displayName)'"
        return LatchkeyError(
            .noKeyFits,
            registered.map {
                "the private half of the key pair '\($0.name.terminalSafe)' of \(name) is not on this machine"
            } ?? "no key is known to fit \(name)"
        )
    }

    /// After a pushed key, which was the first thing to try.
    private func isOwnKeyWorthATry(after error: LatchkeyError) -> Bool {
        isPushLeft(for: error) && error.code != .instanceUnreachable
    }

    private func isPushLeft(for error: LatchkeyError) -> Bool { isLeft(for: error) || error.code == .requestRefused }

    /// Whether a key that the instance takes would answer this.
    private func wantsKey(_ error: LatchkeyError) -> Bool { error.code != .instanceUnreachable && isLeft(for: error) }

    /// What counts of an attempt. That an instance of which it was not known does not take a pushed key is no news: what was
    /// wrong before is.
    private func error(of index: Int, _ attempts: [EntryAttempt]) -> LatchkeyError {
        let attempt = attempts[index]
        guard case .pushedKey(_, .unknown) = attempt.step, index > 0, isPushLeft(for: attempt.error) else {
            return attempt.error
        }
        return error(of: index - 1, attempts)
    }

    /// SSH over the one road that was asked for, or that will do.
    private func afterOnlyRoad(_ attempts: [EntryAttempt], _ agent: AgentPresence?) -> EntryDecision {
        let error = error(of: attempts.count - 1, attempts)
        let isPushed = attempts.contains { $0.step.isPush }
        guard !isPushed, !isKeyNamed, relay != nil, wantsKey(error) else { return .stop(error, note: nil) }
        guard let agent else { return .askAgent }
        let pushing = pushing(agent)
        guard pushing != .unsupported else { return .stop(error, note: nil) }
        return .take(.pushedKey(over: [directRoad], pushing), because: error)
    }

    /// Every road is open to it: SSH to an address has failed.
    private func afterDirectRoad(_ attempts: [EntryAttempt], _ agent: AgentPresence?) -> EntryDecision {
        // That with which SSH to an address ended, whatever was tried on it.
        let direct = attempts.lastIndex { $0.step == .ownKeys(over: .ssh) } ?? 0
        let reason = error(of: direct, attempts)
        guard isLeft(for: reason), relay != nil else { return .stop(withWayAround(reason), note: nil) }
        guard let agent else { return .askAgent }
        let later = attempts.indices.dropFirst(direct + 1)
        var last = reason
        if let index = later.first(where: { attempts[$0].step == .ownKeys(over: .sshOverRelay) }) {
            last = attempts[index].error
            guard isLeft(for: last) else { return .stop(last, note: nil) }
        } else if later.isEmpty, agent.isConnected, reason.code == .instanceUnreachable, hasVerifiedKey {
            // A key that did not fit directly fits no better through the relay; one that could not be tried may.
            return .take(.ownKeys(over: .sshOverRelay), because: reason)
        }
        if let index = later.first(where: { attempts[$0].step.isPush }) {
            let error = error(of: index, attempts)
            guard isPushLeft(for: error) else { return .stop(withWayAround(error), note: nil) }
            last = error
        } else if let step = push(after: reason, last, attempts, agent) {
            return .take(step, because: last)
        }
        guard agent.isConnected else { return .stop(last, note: agent.message.map { "note: \($0)" }) }
        return .take(.session, because: last)
    }

    /// A pushed key, if one was not pushed already and it would answer what was wrong.
    private func push(
        after reason: LatchkeyError,
        _ last: LatchkeyError,
        _ attempts: [EntryAttempt],
        _ agent: AgentPresence
    ) -> EntryStep? {
        let roads: [Road] =
            (reason.code == .instanceUnreachable ? [] : [.ssh]) + (agent.isConnected ? [.sshOverRelay] : [])
        let pushing = pushing(agent)
        guard !roads.isEmpty, pushing != .unsupported, !attempts.contains(where: { $0.step.isPush }),
            last == reason || wantsKey(last)
        else { return nil }
        return .pushedKey(over: roads, pushing)
    }

    /// A refusal that is not gone around, with the way that does.
    private func withWayAround(_ error: LatchkeyError) -> LatchkeyError {
        guard error.code == .userRefused || error.code == .loginIncomplete else { return error }
        return LatchkeyError(
            error.code,
            error.message,
            hint: [error.hint, "--road relay opens a shell past sshd, if the instance's agent allows that user"]
                .compactMap(\.self).joined(separator: "; "),
            cause: error.cause
        )
    }
}

extension EntryStep {
    var isPush: Bool { if case .pushedKey = self { true } else { false } }
}
