// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

@testable import LatchkeyBroker

/// Steps that come to what a test says, without a network. What is not told of leads in.
final class FakeActions: EntryActions {
    private let agent: AgentPresence
    private let failures: [(EntryStep, LatchkeyError.Code)]
    private(set) var taken: [EntryStep] = []
    private(set) var notes: [String] = []
    private(set) var questions = 0

    init(_ agent: AgentPresence, _ failures: [(EntryStep, LatchkeyError.Code)] = []) {
        self.agent = agent
        self.failures = failures
    }

    func askAgent(_ plan: EntryPlan) -> AgentPresence {
        questions += 1
        return agent
    }

    func enterByOwnKeys(_ plan: EntryPlan, over road: Road) throws { try take(.ownKeys(over: road)) }

    func enterByPushedKey(
        _ plan: EntryPlan,
        over roads: [Road],
        _ pushing: Pushing,
        because: LatchkeyError?
    ) throws {
        try take(.pushedKey(over: roads, pushing))
    }

    func openSession(_ plan: EntryPlan) throws { try take(.session) }

    func note(_ message: String) { notes.append(message) }

    func trace(_ message: String) {}

    private func take(_ step: EntryStep) throws {
        taken.append(step)
        if let (_, code) = failures.first(where: { $0.0 == step }) {
            throw LatchkeyError(code, "\(code) at step \(taken.count)", hint: "hint")
        }
    }
}
