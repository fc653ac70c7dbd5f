// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel

/// A control plane of one instance, which remembers what it was told.
final class FakeControlPlane: ControlPlane, @unchecked Sendable {
    var instance: Instance
    var keyPair: KeyPair?
    var attested: [HostKey] = []
    private(set) var pinned: [HostKey] = []

    init(_ instance: Instance) { self.instance = instance }

    func instances(matching selector: InstanceSelector, limit: Int) throws -> [Instance] { [instance] }
    func instances() throws -> [Instance] { [instance] }
    func instances(withIDs ids: [Instance.ID]) throws -> [Instance] { ids.contains(instance.id) ? [instance] : [] }
    func names(beginningWith text: String, limit: Int) throws -> [String] { [] }
    func similarNames(to name: String) throws -> [String] { [] }
    func keyPair(named name: String) throws -> KeyPair? { keyPair?.name == name ? keyPair : nil }
    func keyPairs() throws -> [KeyPair] { [keyPair].compactMap(\.self) }
    func instanceCount(launchedWith keyName: String) throws -> Int { 0 }
    func attestedHostKeys(of instance: Instance) throws -> [HostKey] { attested }
    func pinHostKeys(_ keys: [HostKey], for instanceID: Instance.ID) throws { pinned += keys }
    func replaceHostKeys(_ keys: [HostKey], for id: Instance.ID) throws { pinned = keys }
    func acceptedKey(of instanceID: Instance.ID, user: String) throws -> PublicKey? { nil }
    func noteKeyName(_ name: String?, of instanceID: Instance.ID) throws {}
    func noteAcceptedKey(_ key: PublicKey, of instanceID: Instance.ID, user: String, at date: Date) throws {}
}
