// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What knows instances, key pairs and who may be trusted; asked by the broker without knowing where it runs.
///
/// Every function throws `LatchkeyError`.
package protocol ControlPlane {
    /// The instances that a selector stands for, best kind of match only: an exact id, else exact names, else exact
    /// addresses, else names and ids that begin so. Terminated ones are left out unless the id is exact; where nothing else
    /// is found, those with exactly this name count.
    ///
    /// - Parameter limit: at most so many, so that a short prefix in a large fleet stays cheap.
    func instances(matching selector: InstanceSelector, limit: Int) throws -> [Instance]

    /// Every instance, in the order of ``Instance/naturallyPrecedes(_:)``.
    func instances() throws -> [Instance]

    /// Of these instances, those whose machines this control plane does not run, so that it knows nothing of their states
    /// but when they were reached.
    func lastContacts(of ids: [Instance.ID]) throws -> [Instance.ID: LastContact]

    /// The instances with these ids, in this order; an id that is not known is left out.
    func instances(withIDs ids: [Instance.ID]) throws -> [Instance]

    /// Names that begin so, at most `limit`, in their order.
    func names(beginningWith text: String, limit: Int) throws -> [String]

    /// Names that are near to one that nothing matches, at most three.
    func similarNames(to name: String) throws -> [String]

    /// - Returns: nil if there is no key pair of that name.
    func keyPair(named name: String) throws -> KeyPair?

    /// Every key pair, by name in natural order.
    func keyPairs() throws -> [KeyPair]

    /// How many instances name this key pair as the one they were launched with.
    func instanceCount(launchedWith keyName: String) throws -> Int

    /// Host keys that the control plane itself attests, of an instance that has none pinned yet; not pinned by this.
    func attestedHostKeys(of instance: Instance) throws -> [HostKey]

    /// Pins the host keys of an instance that has none pinned yet; those that are pinned already are left as they are.
    ///
    /// - Throws: `hostKeyChanged` if others are pinned, for example by another process meanwhile.
    func pinHostKeys(_ keys: [HostKey], for instanceID: Instance.ID) throws

    /// Puts these in the place of all host keys that are pinned for an instance.
    func replaceHostKeys(_ keys: [HostKey], for id: Instance.ID) throws

    /// The key that an instance let in last, for a login user; nil if none did.
    func acceptedKey(of instanceID: Instance.ID, user: String) throws -> PublicKey?

    /// Notes the key pair that opens an instance from now on; nil for one that is not registered. EC2 keeps the name given
    /// at launch for ever: there this does nothing, and the key that was let in last tells.
    func noteKeyName(_ name: String?, of instanceID: Instance.ID) throws

    func noteAcceptedKey(_ key: PublicKey, of instanceID: Instance.ID, user: String, at date: Date) throws
}

extension ControlPlane {
    /// None: a control plane that runs all of its instances knows their states.
    package func lastContacts(of ids: [Instance.ID]) throws -> [Instance.ID: LastContact] { [:] }

    /// The one instance that `text` stands for.
    ///
    /// - Parameter choose: picks one of several, by asking the user; nil if there is none to ask.
    /// - Throws: `instanceNotFound`, or `instanceAmbiguous` with the list: never the first or last of several.
    package func instance(
        named text: String,
        choose: (([Instance]) throws -> Instance)? = nil
    ) throws -> Instance {
        let limit = choose == nil ? 9 : 1000
        let matches = try instances(matching: InstanceSelector(text), limit: limit)
            .sorted { $0.naturallyPrecedes($1) }
        switch matches.count {
        case 0: throw LatchkeyError.instanceNotFound(text, similar: try similarNames(to: text))
        case 1: return matches[0]
        default:
            guard let choose else { throw LatchkeyError.instanceAmbiguous(text, matches: matches) }
            return try choose(matches)
        }
    }
}
