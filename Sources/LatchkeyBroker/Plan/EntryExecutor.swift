// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Carries a plan out. It decides nothing itself.
struct EntryExecutor {
    let plan: EntryPlan
    let actions: any EntryActions

    /// - Returns: the step that led in.
    /// - Throws: `LatchkeyError` of the road that was asked for, or of the last one that was open; any other error at once.
    @discardableResult
    func enter() throws -> EntryStep {
        var attempts: [EntryAttempt] = []
        var agent: AgentPresence?
        while true {
            switch plan.decision(after: attempts, agent: agent) {
            case .askAgent: agent = actions.askAgent(plan)
            case .stop(let error, let note):
                if let note { actions.note(note) }
                throw error
            case .take(let step, let reason):
                do {
                    try take(step, because: reason)
                    return step
                } catch let error as LatchkeyError {
                    attempts.append(EntryAttempt(step: step, error: error))
                }
            }
        }
    }

    private func take(_ step: EntryStep, because reason: LatchkeyError?) throws {
        switch step {
        case .ownKeys(let road):
            if let reason { actions.note("\(reason.message); trying SSH through the relay") }
            try actions.enterByOwnKeys(plan, over: road)
        case .pushedKey(let roads, let pushing):
            do {
                try actions.enterByPushedKey(plan, over: roads, pushing, because: reason)
            } catch let error as LatchkeyError {
                actions.trace(error.message)
                throw error
            }
        case .session:
            if let reason { actions.note("\(reason.message); going through the relay") }
            try actions.openSession(plan)
        }
    }
}
