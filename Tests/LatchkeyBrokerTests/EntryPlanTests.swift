// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

@testable import LatchkeyBroker

/// Which roads are taken, and which are left for which reason.
struct EntryPlanTests {
    private static let ssh = EntryStep.ownKeys(over: .ssh)
    private static let overRelay = EntryStep.ownKeys(over: .sshOverRelay)
    private static let pushFirst = EntryStep.pushedKey(over: [.ssh, .sshOverRelay], .supported)

    /// A plan, what its steps come to, and what is done therefore.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let plan: EntryPlan
        var agent = AgentPresence.absent
        var failures: [(EntryStep, LatchkeyError.Code)] = []
        let steps: [EntryStep]
        /// The code of the error in the end; nil if the last step leads in.
        var code: LatchkeyError.Code?
        /// In the order in which they are told.
        var notes: [String] = []
    }

    private static let pushes = AgentPresence.connected(takesPushedKeys: true)
    private static let pushesNot = AgentPresence.connected(takesPushedKeys: false)
    private static let maybePushes = AgentPresence.connected(takesPushedKeys: nil)

    private static let cases: [Case] = [
        Case(testDescription: "a key that fits needs nothing else", plan: Plans.plan(), steps: [ssh]),
        Case(
            testDescription: "without a relay there is one road",
            plan: Plans.plan(relay: nil),
            failures: [(ssh, .instanceUnreachable)],
            steps: [ssh],
            code: .instanceUnreachable
        ),
        Case(
            testDescription: "an address that does not answer leaves SSH through the relay",
            plan: Plans.plan(),
            agent: pushes,
            failures: [(ssh, .instanceUnreachable)],
            steps: [ssh, overRelay],
            notes: ["instanceUnreachable at step 1; trying SSH through the relay"]
        ),
        Case(
            testDescription: "an address that does not answer, and no agent",
            plan: Plans.plan(),
            failures: [(ssh, .instanceUnreachable)],
            steps: [ssh],
            code: .instanceUnreachable,
            notes: ["note: its agent is not connected to the relay"]
        ),
        Case(
            testDescription: "an address that does not answer, and a relay that does not either",
            plan: Plans.plan(),
            agent: .unknown("timed out"),
            failures: [(ssh, .instanceUnreachable)],
            steps: [ssh],
            code: .instanceUnreachable,
            notes: ["note: the relay does not answer: timed out"]
        ),
        Case(
            testDescription: "SSH that fails through the relay, too, leaves a session",
            plan: Plans.plan(),
            agent: pushesNot,
            failures: [(ssh, .instanceUnreachable), (overRelay, .instanceUnreachable)],
            steps: [ssh, overRelay, .session],
            notes: [
                "instanceUnreachable at step 1; trying SSH through the relay",
                "instanceUnreachable at step 2; going through the relay",
            ]
        ),
        Case(
            testDescription: "a key that is refused through the relay is followed by one that is pushed",
            plan: Plans.plan(),
            agent: pushes,
            failures: [(ssh, .instanceUnreachable), (overRelay, .loginRefused)],
            steps: [ssh, overRelay, .pushedKey(over: [.sshOverRelay], .supported)],
            notes: ["instanceUnreachable at step 1; trying SSH through the relay"]
        ),
        Case(
            testDescription: "a host key that changed through the relay ends it",
            plan: Plans.plan(),
            agent: pushes,
            failures: [(ssh, .instanceUnreachable), (overRelay, .hostKeyChanged)],
            steps: [ssh, overRelay],
            code: .hostKeyChanged,
            notes: ["instanceUnreachable at step 1; trying SSH through the relay"]
        ),
        Case(
            testDescription: "a key that is refused is followed by one that is pushed, over both roads",
            plan: Plans.plan(),
            agent: pushes,
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .pushedKey(over: [.ssh, .sshOverRelay], .supported)]
        ),
        Case(
            testDescription: "a key that is refused leaves a session where none can be pushed",
            plan: Plans.plan(),
            agent: pushesNot,
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .session],
            notes: ["loginRefused at step 1; going through the relay"]
        ),
        Case(
            testDescription: "that it was not known to take a pushed key is no news",
            plan: Plans.plan(),
            agent: maybePushes,
            failures: [
                (ssh, .noKeyFits), (.pushedKey(over: [.ssh, .sshOverRelay], .unknown), .requestRefused),
            ],
            steps: [ssh, .pushedKey(over: [.ssh, .sshOverRelay], .unknown), .session],
            notes: ["noKeyFits at step 1; going through the relay"]
        ),
        Case(
            testDescription: "without a key, where pushed ones are taken, one is pushed first",
            plan: Plans.plan(hasKey: false),
            agent: pushes,
            steps: [pushFirst]
        ),
        Case(
            testDescription: "a pushed key that is refused is followed by this machine's others",
            plan: Plans.plan(hasKey: false),
            agent: pushes,
            failures: [(pushFirst, .requestRefused), (ssh, .noKeyFits)],
            steps: [pushFirst, ssh, .session],
            notes: ["noKeyFits at step 2; going through the relay"]
        ),
        Case(
            testDescription: "a pushed key and no address that answers leaves a session",
            plan: Plans.plan(hasKey: false),
            agent: pushes,
            failures: [(pushFirst, .instanceUnreachable)],
            steps: [pushFirst, .session],
            notes: ["instanceUnreachable at step 1; going through the relay"]
        ),
        Case(
            testDescription: "a host key that changed is the end for a pushed key, too",
            plan: Plans.plan(hasKey: false),
            agent: pushes,
            failures: [(pushFirst, .hostKeyChanged)],
            steps: [pushFirst],
            code: .hostKeyChanged
        ),
        Case(
            testDescription: "without a key, where pushed ones are not taken, this machine's others are tried",
            plan: Plans.plan(hasKey: false),
            agent: pushesNot,
            failures: [(ssh, .noKeyFits)],
            steps: [ssh, .session],
            notes: ["noKeyFits at step 1; going through the relay"]
        ),
        Case(
            testDescription: "a key that was named is the only one",
            plan: Plans.plan(isKeyNamed: true),
            agent: pushes,
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .session],
            notes: ["loginRefused at step 1; going through the relay"]
        ),
        Case(
            testDescription: "a passphrase that cannot be asked for leaves a session",
            plan: Plans.plan(),
            agent: pushesNot,
            failures: [(ssh, .passphraseUnavailable)],
            steps: [ssh, .session],
            notes: ["passphraseUnavailable at step 1; going through the relay"]
        ),
        Case(
            testDescription: "a user of this machine's whom sshd refuses leaves a session",
            plan: Plans.plan(),
            agent: pushesNot,
            failures: [(ssh, .userRefused)],
            steps: [ssh, .session],
            notes: ["userRefused at step 1; going through the relay"]
        ),
        Case(
            testDescription: "a user who was asked for, and whom sshd refuses, is not gone around",
            plan: Plans.plan(user: EntryUser(name: "root", source: .option)),
            agent: pushes,
            failures: [(ssh, .userRefused)],
            steps: [ssh],
            code: .userRefused
        ),
        Case(
            testDescription: "a login that demands more is not gone around",
            plan: Plans.plan(),
            agent: pushes,
            failures: [(ssh, .loginIncomplete)],
            steps: [ssh],
            code: .loginIncomplete
        ),
        Case(
            testDescription: "at AWS a key is pushed without an agent",
            plan: Plans.plan(relay: .amazon),
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .pushedKey(over: [.ssh], .unknown)]
        ),
        Case(
            testDescription: "a machine that registered itself has no EC2 Instance Connect",
            plan: Plans.plan(relay: .amazon, instance: Plans.instance(id: "mi-0123456789abcdef0")),
            agent: maybePushes,
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .session],
            notes: ["loginRefused at step 1; going through the relay"]
        ),
        Case(
            testDescription: "the relay that was asked for is the only road",
            plan: Plans.plan(road: .relay),
            agent: pushes,
            failures: [(.session, .agentNotConnected)],
            steps: [.session],
            code: .agentNotConnected
        ),
        Case(
            testDescription: "SSH that was asked for is the only road",
            plan: Plans.plan(road: .ssh),
            agent: pushesNot,
            failures: [(ssh, .instanceUnreachable)],
            steps: [ssh],
            code: .instanceUnreachable
        ),
        Case(
            testDescription: "SSH that was asked for takes a pushed key",
            plan: Plans.plan(road: .ssh),
            agent: pushes,
            failures: [(ssh, .loginRefused)],
            steps: [ssh, .pushedKey(over: [.ssh], .supported)]
        ),
        Case(
            testDescription: "SSH through the relay takes a pushed key first where there is no other",
            plan: Plans.plan(road: .sshOverRelay, hasKey: false),
            agent: pushes,
            failures: [(.pushedKey(over: [.sshOverRelay], .supported), .loginRefused)],
            steps: [.pushedKey(over: [.sshOverRelay], .supported), overRelay]
        ),
        Case(
            testDescription: "the error of an only road is the first one's where a pushed key was a guess",
            plan: Plans.plan(road: .ssh),
            agent: maybePushes,
            failures: [(ssh, .loginRefused), (.pushedKey(over: [.ssh], .unknown), .requestRefused)],
            steps: [ssh, .pushedKey(over: [.ssh], .unknown)],
            code: .loginRefused
        ),
        Case(
            testDescription: "what needs SSH opens no session",
            plan: Plans.plan(goal: .ssh),
            agent: pushesNot,
            failures: [(ssh, .noKeyFits)],
            steps: [ssh],
            code: .noKeyFits
        ),
    ]

    @Test(arguments: cases) func `a plan is carried out`(test: Case) throws {
        let actions = FakeActions(test.agent, test.failures)
        do {
            let step = try EntryExecutor(plan: test.plan, actions: actions).enter()
            #expect(test.code == nil && step == test.steps.last)
        } catch let error as LatchkeyError {
            #expect(error.code == test.code)
        }
        #expect(actions.taken == test.steps)
        #expect(actions.notes == test.notes)
        #expect(actions.questions <= 1)
    }

    /// Nothing else is an answer to these.
    @Test(
        arguments: [
            .hostKeyUnknown, .hostKeyChanged, .connectionLost, .keyUnusable, .cancelled, .passphraseWrong,
            .instanceNotRunning,
            .nameInvalid, .storeBusy,
        ] as [LatchkeyError.Code]
    )
    func `no road is left for this`(code: LatchkeyError.Code) throws {
        let actions = FakeActions(Self.pushes, [(Self.ssh, code)])
        let error = #expect(throws: LatchkeyError.self) {
            try EntryExecutor(plan: Plans.plan(), actions: actions).enter()
        }
        #expect(error?.code == code && actions.taken == [Self.ssh])
        #expect(actions.questions == 0)
    }

    @Test func `a refusal that is not gone around says what goes around it`() throws {
        for code in [LatchkeyError.Code.userRefused, .loginIncomplete] {
            let plan = Plans.plan(user: EntryUser(name: "root", source: .option))
            let error = #expect(throws: LatchkeyError.self) {
                try EntryExecutor(plan: plan, actions: FakeActions(Self.pushes, [(Self.ssh, code)])).enter()
            }
            #expect(
                error?.hint == "hint; --road relay opens a shell past sshd, if the instance's agent allows that user"
            )
        }
    }

    /// Every plan with every outcome of every step: it ends, takes no step twice, and never opens a session for what needs SSH.
    @Test func `every plan comes to an end`() throws {
        let codes: [LatchkeyError.Code?] = [nil, .instanceUnreachable, .loginRefused, .userRefused, .hostKeyChanged]
        let agents: [AgentPresence] = [Self.pushes, Self.pushesNot, Self.maybePushes, .absent, .unknown("x")]
        var count = 0
        for plan in Self.allPlans {
            for agent in agents {
                // What the first, second, third and fourth step come to.
                for outcome in 0..<(codes.count * codes.count * codes.count * codes.count) {
                    var attempts: [EntryAttempt] = []
                    var asked: AgentPresence?
                    var left = outcome
                    steps: while true {
                        switch plan.decision(after: attempts, agent: asked) {
                        case .askAgent:
                            try #require(asked == nil)
                            asked = agent
                        case .stop: break steps
                        case .take(let step, _):
                            try #require(!attempts.contains { $0.step == step }, "\(plan.road as Any) \(step)")
                            if plan.goal == .ssh { #expect(step != .session) }
                            let code = codes[left % codes.count]
                            left /= codes.count
                            guard let code else { break steps }
                            attempts.append(EntryAttempt(step: step, error: LatchkeyError(code, "no")))
                        }
                    }
                    #expect(attempts.count <= 4)
                    count += 1
                }
            }
        }
        #expect(count > 10_000)
    }

    private static var allPlans: [EntryPlan] {
        var plans: [EntryPlan] = []
        for road in [nil, Road.ssh, .sshOverRelay, .relay] {
            for goal in [EntryPlan.Goal.shell, .ssh] where !(goal == .ssh && road == .relay) {
                for (hasKey, isKeyNamed) in [(true, false), (true, true), (false, false)] {
                    for relay in [nil, RelayClient.Documents.latchkey, .amazon] {
                        plans.append(
                            Plans.plan(goal: goal, road: road, isKeyNamed: isKeyNamed, hasKey: hasKey, relay: relay)
                        )
                    }
                }
            }
        }
        return plans
    }

    /// What `explain` calls open is what `connect` enters by, when the steps come to what the explanation says.
    @Test func `the road that is taken is one that is explained to be open`() throws {
        let agents: [AgentPresence] = [Self.pushes, Self.pushesNot, .absent, .unknown("x")]
        for plan in Self.allPlans where plan.road == nil && plan.goal == .shell && plan.relay == .latchkey {
            for agent in agents {
                for (probe, code) in [
                    (EntryProbe(accepted: Plans.proposal(), wasReached: true), nil),
                    (EntryProbe(wasReached: true), LatchkeyError.Code.noKeyFits),
                    (
                        EntryProbe(failure: LatchkeyError(.instanceUnreachable, "no answer")),
                        LatchkeyError.Code.instanceUnreachable
                    ),
                    (EntryProbe(failure: LatchkeyError(.hostKeyChanged, "changed")), LatchkeyError.Code.hostKeyChanged),
                ] as [(EntryProbe, LatchkeyError.Code?)] {
                    let roads = plan.roads(probe, agent: agent)
                    func isOpen(_ road: Road) -> Bool { roads.contains { $0.road == road.rawValue && $0.isOpen } }
                    var failures: [(EntryStep, LatchkeyError.Code)] = []
                    if let code {
                        failures.append((Self.ssh, code))
                        // Where the address does not answer, or is not the instance, a pushed key goes no other way.
                        if code == .hostKeyChanged { failures.append((Self.pushFirst, code)) }
                    }
                    let step = try? EntryExecutor(plan: plan, actions: FakeActions(agent, failures)).enter()
                    let isExplained =
                        switch step {
                        case nil: code == .hostKeyChanged || !roads.contains(where: \.isOpen)
                        case .ownKeys(let road): isOpen(road)
                        case .pushedKey(let roads, _): roads.contains(where: isOpen)
                        case .session: isOpen(.relay)
                        }
                    #expect(isExplained, "\(agent), \(code as Any), \(step as Any): \(roads)")
                }
            }
        }
    }

    @Test func `work over several connections goes through the relay where no port is reached, and for nothing else`() {
        let unreachable = LatchkeyError(.instanceUnreachable, "x")
        let connected = AgentPresence.connected(takesPushedKeys: nil)
        #expect(EntryPlan.roadOfWork(after: unreachable, nil, connected) == .sshOverRelay)
        for agent: AgentPresence? in [nil, .absent, .unknown("y")] {
            #expect(EntryPlan.roadOfWork(after: unreachable, nil, agent) == nil)
        }
        for road in Road.allCases { #expect(EntryPlan.roadOfWork(after: unreachable, road, connected) == nil) }
        for code in LatchkeyError.Code.allCases where code != .instanceUnreachable {
            #expect(EntryPlan.roadOfWork(after: LatchkeyError(code, "x"), nil, connected) == nil)
        }
    }
}
