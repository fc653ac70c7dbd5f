// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyAPI
package import LatchkeyModel
internal import LatchkeyTransport

/// A control plane that speaks EC2's API: AWS, or a latchkeyd. It is only read here; what is learnt about an instance, such as
/// its host keys, is noted on this machine. Launching is apart: ``EC2Operations``.
package struct RemoteControlPlane: Sendable {
    package let service: RemoteService
    let notes: any InstanceRecords
    let cache: ResponseCache
    /// The list of all managed instances has a file of its own, for few commands need it.
    let managedCache: ResponseCache
    private let note: @Sendable (String) -> Void

    /// - Parameter note: tells the user something beside a command's output, safe for a terminal.
    package init(
        _ service: RemoteService,
        notes: any InstanceRecords,
        cacheFolder: String,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.service = service
        self.notes = notes
        self.note = note
        let settings = service.settings
        let scope = [
            settings.profileName, service.region, service.address.httpOrigin, settings.files.configPath,
            settings.files.credentialsPath,
            settings.choice.excludesEnvironmentKeys ? "" : settings.variable("AWS_ACCESS_KEY_ID") ?? "",
        ]
        cache = ResponseCache(folder: cacheFolder, scope: scope)
        managedCache = ResponseCache(
            folder: cacheFolder,
            scope: scope + ["managed"],
            sizeLimit: 16 << 20,
            keepsNothing: true
        )
    }

    /// Tells that some instances are not shown.
    func tell(leftOut count: Int) {
        guard count > 0 else { return }
        note("\(count) instance\(count == 1 ? " is" : "s are") left out: the server's answer about them cannot be read")
    }

    /// What changes instances and key pairs there; on AWS nothing is ever changed.
    ///
    /// - Throws: `usage` on AWS.
    package func operations() throws -> EC2Operations {
        try service.operations { [cache, managedCache] in
            cache.forget()
            managedCache.forget()
        }
    }

    /// The base64 of an instance's encrypted password; empty if it is not ready.
    ///
    /// - Throws: as ``RemoteService/ask(_:as:absentCodes:)``.
    package func passwordData(of id: Instance.ID) throws -> String {
        let answer = try service.ask(EC2.GetPasswordData(instanceId: id), as: EC2Answer.GetPasswordData.self)
        return (answer?.passwordData ?? "").filter { !$0.isWhitespace }
    }
}

extension RemoteControlPlane: ControlPlane {
    package func keyPair(named name: String) throws -> KeyPair? {
        try cache.keyPairs("name:\(name)") {
            try describeKeyPairs([name], absentCodes: ["InvalidKeyPair.NotFound"])
        }
        .first { $0.name == name }
    }

    package func keyPairs() throws -> [KeyPair] {
        try describeKeyPairs(nil, absentCodes: []).sorted { $0.name.naturallyPrecedes($1.name) }
    }

    private func describeKeyPairs(_ names: [String]?, absentCodes: Set<String>) throws -> [KeyPair] {
        var request = EC2.DescribeKeyPairs()
        request.keyName = names
        request.includePublicKey = true
        let answer = try service.ask(request, as: EC2Answer.DescribeKeyPairs.self, absentCodes: absentCodes)
        let list = answer?.keySet
        if let count = list?.leftOut, count > 0 {
            note(
                "\(count) key pair\(count == 1 ? " is" : "s are") left out: the server's answer about them cannot be read"
            )
        }
        return (list?.records ?? []).compactMap(KeyPair.init)
    }

    package func instanceCount(launchedWith keyName: String) throws -> Int {
        try describe([("key-name", [RemoteControlPlane.exactly(keyName)])], "key:\(keyName)", limit: .max)
            .count { $0.keyName == keyName }
    }

    // MARK: What only this machine knows

    package func pinHostKeys(_ keys: [HostKey], for instanceID: Instance.ID) throws {
        try notes.noteHostKeys(keys, of: instanceID)
    }

    package func replaceHostKeys(_ keys: [HostKey], for id: Instance.ID) throws {
        try notes.replaceNotedHostKeys(keys, of: id)
    }

    package func acceptedKey(of instanceID: Instance.ID, user: String) throws -> PublicKey? {
        try notes.notedAcceptedKey(of: instanceID, user: user)
    }

    package func noteAcceptedKey(_ key: PublicKey, of instanceID: Instance.ID, user: String, at date: Date) throws {
        try notes.noteAcceptedKey(key, ofRemote: instanceID, user: user, at: date)
    }

    package func noteKeyName(_ name: String?, of instanceID: Instance.ID) throws {}

    /// The keys that cloud-init has printed on the console at the first boot. Where the console cannot be read, or
    /// shows none yet, none is attested, and the person is asked as for any instance.
    package func attestedHostKeys(of instance: Instance) throws -> [HostKey] {
        for isLatest in [nil, true] {
            // Not every instance has a console that can be read at any time, nor may every user read it.
            var request = EC2.GetConsoleOutput(instanceId: instance.id)
            request.latest = isLatest
            let answer = try service.ask(
                request,
                as: EC2Answer.GetConsoleOutput.self,
                absentCodes: [
                    "UnauthorizedOperation", "AccessDenied", "UnsupportedOperation", "InvalidInstanceID.NotFound",
                    "InvalidInstanceID.Malformed", "InvalidAction", "InvalidParameterValue", "UnknownParameter",
                ]
            )
            guard let output = answer?.output, let data = Data(base64Encoded: output.filter { !$0.isWhitespace }) else {
                continue
            }
            let now = Date()
            let keys = HostKeyText.keys(onConsole: String(decoding: data, as: UTF8.self))
            if !keys.isEmpty { return keys.map { HostKey(key: $0, source: .console, pinned: now) } }
        }
        return []
    }
}

extension KeyPair {
    /// - Returns: nil for one whose public half EC2 does not give.
    init?(_ pair: EC2Answer.KeyPair) {
        guard let publicKey = pair.publicKey.flatMap({ PublicKey(line: $0) }) else { return nil }
        let fingerprint = pair.keyFingerprint ?? ""
        // EC2 does not say who made a key, but it shows: SHA-1 of the private half for its own, MD5 of the public for
        // others'.
        let isCreated = fingerprint.filter { $0 == ":" }.count == 19
        self.init(
            id: pair.keyPairId ?? "",
            name: pair.keyName,
            publicKey: publicKey,
            fingerprint: fingerprint,
            origin: isCreated ? .created : .imported,
            tags: Tags(ec2: pair.tagSet),
            created: pair.createTime ?? Date(timeIntervalSince1970: 0)
        )
    }
}

extension Tags {
    init(ec2 tags: [EC2Answer.Tag]?) { self.init((tags ?? []).map { ($0.key, $0.value) }) { first, _ in first } }
}
