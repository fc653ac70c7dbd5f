// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAuthorization
import LatchkeyCrypto
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport
import Logging
import NIOEmbedded
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyMetrics
@testable import LatchkeyOperations
@testable import LatchkeyRelay
@testable import LatchkeyServer

/// What is offered, and to whom.
struct OperationRegistryTests {
    /// The registry of a latchkeyd in a home of its own.
    static func make(_ scratch: Scratch) throws -> OperationRegistry {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = try SQLiteStore(path: "\(scratch.path)/registry.db")
        let (signers, pool) = (KnownSigners(store), BlockingPool(threads: 1))
        let consoleSessions = try ConsoleSessions(store, signers: signers)
        let events = SessionEventWriter(store: store, log: log)
        let relay = Relay(
            loop: EmbeddedEventLoop(),
            metrics: ServerMetrics(),
            log: log,
            events: events,
            grants: KnownGrants(signers: signers, consoleSessions: consoleSessions)
        )
        let commands = try CommandDispatcher(store: store, relay: relay, agents: relay, pool: pool, log: log)
        let roles = AgentRoles(key: try MasterKey(file: "\(scratch.path)/registry.key"), signers: signers)
        let setting = ServiceRouter.Setting(
            store: store,
            node: "node-0123456789abcdef0",
            relay: relay,
            agents: relay,
            pool: pool,
            events: events,
            commands: commands,
            consoleSessions: consoleSessions,
            launcher: nil,
            region: "local",
            origin: .ofRequest,
            maxDuration: nil
        )
        return OperationRegistry(setting, signers: signers, roles: roles, log: log)
    }

    @Test func `a registration and a link are for those who show nothing, and what changes something is for users`()
        throws
    {
        try Scratch.with { scratch in
            let registry = try Self.make(scratch)
            let all = registry.actions.compactMap { registry[$0] }
            #expect(all.count > 60)
            let anonymous = all.filter { $0.callers.contains(.anonymous) }.map { "\($0.action)" }.sorted()
            #expect(anonymous == ["latchkey:RedeemConsoleLink", "ssm:RegisterManagedInstance"])
            let registered = all.filter { $0.callers.contains(.registeredKey) }.map { "\($0.action)" }
            #expect(registered == ["ssm:RequestManagedInstanceRoleToken"])
            for operation in all where operation.action.service.hasPrefix("ec2") && operation.callers != [.user] {
                #expect(operation.action.service == "ec2messages", "\(operation.action)")
            }
            for name in ["StartSession", "SendCommand", "CreateActivation", "DeregisterManagedInstance"] {
                #expect(registry[Action(service: "ssm", name: name)]?.callers == [.user])
            }
            #expect(registry["ssm:CreateDocument"] == nil)
        }
    }
}
