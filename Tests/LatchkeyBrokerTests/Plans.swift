// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyKeys
import LatchkeyModel

@testable import LatchkeyBroker

/// What plans are made of in tests.
enum Plans {
    static let key = parse("AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg")
    static let otherKey = parse("AAAAC3NzaC1lZDI1NTE5AAAAIPjGZzBtjhGdbnVTBvsPoVqkxKAVxEKtaV9gFSVFZBYh")
    static let pair = KeyPair(name: "team", publicKey: key, fingerprint: "f", origin: .imported, created: Date())

    private static func parse(_ text: String) -> PublicKey {
        guard let key = PublicKey(line: "ssh-ed25519 \(text)") else { fatalError("it is a key") }
        return key
    }

    static func instance(
        _ state: InstanceState = .running,
        id: Instance.ID = "i-0123456789abcdef0",
        addresses: [String] = ["192.0.2.7"],
        hostKeys: [HostKey] = []
    ) -> Instance {
        Instance(
            id: id,
            tags: ["Name": "web"],
            state: state,
            addresses: addresses,
            hostKeys: hostKeys,
            created: Date(timeIntervalSince1970: 0)
        )
    }

    static func proposal(_ key: PublicKey = Plans.key, _ evidence: Evidence? = .publicKey) -> KeyProposal {
        KeyProposal(candidate: KeyCandidate(source: .file(path: "/keys/team"), publicKey: key), evidence: evidence)
    }

    static func plan(
        goal: EntryPlan.Goal = .shell,
        user: EntryUser = EntryUser(name: "ann", source: .local),
        road: Road? = nil,
        registered: KeyPair? = nil,
        isKeyNamed: Bool = false,
        hasKey: Bool = true,
        relay: RelayClient.Documents? = .latchkey,
        instance: Instance = Plans.instance()
    ) -> EntryPlan {
        EntryPlan(
            instance: instance,
            goal: goal,
            user: user,
            port: 22,
            road: road,
            registered: registered,
            accepted: nil,
            isKeyNamed: isKeyNamed,
            verified: hasKey ? [proposal(Plans.key, isKeyNamed ? .named : .publicKey)] : [],
            relay: relay
        )
    }
}
