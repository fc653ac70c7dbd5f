// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
package import LatchkeyModel

extension RemoteControlPlane {
    /// A filter of EC2's: its name, and values of which one has to fit.
    typealias Filter = (name: String, values: [String])

    /// Everything but what is gone for good.
    private static let living = InstanceState.allCases.filter { $0 != .terminated }.map(\.rawValue)
    /// EC2's own (API Reference, DescribeInstances, MaxResults).
    private static let pageSize = RemoteService.PageSize(most: 1000, least: 5)

    /// The values of filters may have wildcards, which a backslash takes that meaning from.
    static func exactly(_ text: String) -> String {
        text.map { "*?\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    package func instances(matching selector: InstanceSelector, limit: Int) throws -> [Instance] {
        switch selector {
        case .tag(let key, let value):
            return try found([("tag:\(key)", [RemoteControlPlane.exactly(value)])], limit) { $0.tags[key] == value }
        case .text(let text):
            // The best kind of match decides; a weaker kind is asked for only where the better ones have nothing.
            let looksLikeID = Identifier.looksLikeInstanceID(text)
            if looksLikeID {
                let exact = try instances(withIDs: [text])
                if !exact.isEmpty { return exact }
            }
            let exactly = [RemoteControlPlane.exactly(text)]
            let named = try found([("tag:Name", exactly)], limit) { $0.name == text }
            if !named.isEmpty { return named }
            for filter in RemoteControlPlane.addressFilters(text) {
                let addressed = try found([(filter, exactly)], limit) { _ in true }
                if !addressed.isEmpty { return addressed }
            }
            let managed = try managedInstances(.current)
            let exact = managed.filter { $0.name == text || $0.addresses.contains(text) }
            if !exact.isEmpty { return Array(exact.prefix(limit)) }
            let beginning = ["\(exactly[0])*"]
            let byName =
                try found([("tag:Name", beginning)], limit) { $0.name?.hasPrefix(text) == true }
                + managed.filter { $0.name?.hasPrefix(text) == true || (looksLikeID && $0.id.hasPrefix(text)) }
            let isBeginningOfID = looksLikeID && !text.hasPrefix(Identifier.managedInstancePrefix)
            let byID =
                isBeginningOfID ? try found([("instance-id", beginning)], limit) { $0.id.hasPrefix(text) } : []
            let begun = Array((byName + byID.filter { !byName.contains($0) }).prefix(limit))
            return begun.isEmpty ? try ended(named: text, limit) : begun
        }
    }

    /// Those that have ended, which EC2 shows for an hour more: a list shows them, so they have to have a name as long as no
    /// other instance is meant.
    private func ended(named name: String, _ limit: Int) throws -> [Instance] {
        let filters: [Filter] = [
            ("tag:Name", [RemoteControlPlane.exactly(name)]),
            ("instance-state-name", [InstanceState.terminated.rawValue]),
        ]
        return try cached("ended:\(name)", limit: limit) { try describe(filters, limit: limit) }
            .filter { $0.name == name && $0.state == .terminated }
    }

    /// The filters that an address could be one of; none for what is no address.
    static func addressFilters(_ text: String) -> [String] {
        if text.contains(":") {
            return text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
                ? ["network-interface.ipv6-addresses.ipv6-address"] : []
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return ["ip-address", "private-ip-address"] }
        return parts.count > 1 && parts.allSatisfy { !$0.isEmpty } ? ["dns-name", "private-dns-name"] : []
    }

    package func instances(withIDs ids: [Instance.ID]) throws -> [Instance] {
        let launched = ids.filter { !$0.hasPrefix(Identifier.managedInstancePrefix) }
        let managed = ids.filter { $0.hasPrefix(Identifier.managedInstancePrefix) }
        var found: [Instance] = []
        if !launched.isEmpty {
            // As a filter, an id that is not known is no error.
            found += try cached("ids:\(launched.joined(separator: ","))", limit: .max) {
                try describe([("instance-id", launched)], limit: .max)
            }
        }
        if !managed.isEmpty { found += try managedInstances(withIDs: managed) }
        return ids.compactMap { id in found.first { $0.id == id } }
    }

    package func instances() throws -> [Instance] {
        (try noted(describe([], limit: .max)) + managedInstances(.fresh))
            .sorted { $0.naturallyPrecedes($1) }
    }

    package func names(beginningWith text: String, limit: Int) throws -> [String] {
        let matches = try describe(
            [("tag:Name", ["\(RemoteControlPlane.exactly(text))*"])],
            "names:\(text)",
            limit: limit
        )
        let names = (try matches + managedInstances(.suggestion)).compactMap(\.name).filter { $0.hasPrefix(text) }
        return Array(Set(names).sorted().prefix(limit))
    }

    package func similarNames(to name: String) throws -> [String] {
        // Names that begin alike; if there are none, those with the same first letter.
        var candidates: [String] = []
        for length in [name.count / 2, 1] where length > 0 && candidates.isEmpty {
            candidates = try names(beginningWith: String(name.prefix(length)), limit: 1000)
        }
        return EditDistance.nearest(to: name, among: candidates)
    }

    // MARK: Asking

    private func found(_ filters: [Filter], _ limit: Int, _ isMatch: (Instance) -> Bool) throws -> [Instance] {
        let question = filters.map { "\($0.name)=\($0.values.joined(separator: ","))" }.joined(separator: ";")
        // Servers other than EC2 may be more generous with their filters.
        return Array(try describe(filters, question, limit: limit).filter(isMatch).prefix(limit))
    }

    func describe(_ filters: [Filter], _ question: String, limit: Int) throws -> [Instance] {
        try cached(question, limit: limit) {
            try describe(filters + [("instance-state-name", RemoteControlPlane.living)], limit: limit)
        }
    }

    /// Answers are kept without what this machine has noted itself, which may change at any time.
    private func cached(_ question: String, limit: Int, _ ask: () throws -> [Instance]) throws -> [Instance] {
        try noted(cache.instances("\(question) \(limit)", .current, ask))
    }

    /// The same instances with the host keys that this machine has pinned for them.
    func noted(_ instances: [Instance]) throws -> [Instance] {
        let hostKeys = try notes.notedHostKeys(of: instances.map(\.id))
        return instances.map { instance in
            var instance = instance
            instance.hostKeys = hostKeys[instance.id] ?? []
            return instance
        }
    }

    private func describe(_ filters: [Filter], limit: Int) throws -> [Instance] {
        var found: [EC2Answer.Instance] = []
        var leftOut = 0
        try service.readPages(
            of: RemoteControlPlane.pageSize,
            { size, token in
                var request = EC2.DescribeInstances()
                request.filter = filters.isEmpty ? nil : filters.map { EC2.Filter(name: $0.name, value: $0.values) }
                request.maxResults = size
                request.nextToken = token
                return request
            },
            as: EC2Answer.DescribeInstances.self,
            take: { answer in
                // A page may be empty and another one follow: filters apply to what was read, not to what is given.
                let lists = (answer.reservationSet ?? []).compactMap(\.instancesSet)
                for list in lists {
                    found += list.records
                    leftOut += list.leftOut
                }
                let byteCount = lists.reduce(0) { $0 + $1.byteCount }
                return RemoteService.Page(byteCount: byteCount, next: answer.nextToken, goesOn: found.count < limit)
            }
        )
        let known = try users(of: found)
        let instances = found.compactMap { Instance($0, user: known[$0.instanceId]) }
        tell(leftOut: leftOut + found.count - instances.count)
        return instances
    }

    // MARK: Whom to log in as

    /// In this order: the tag `latchkey:user`, what the image's name and description tell, what EC2 says about the
    /// platform; on AWS itself `ec2-user`, which most of its images have.
    private func users(of instances: [EC2Answer.Instance]) throws -> [Instance.ID: String] {
        var found: [Instance.ID: String] = [:]
        var images: [String: [EC2Answer.Instance]] = [:]
        for instance in instances {
            if let user = Tags(ec2: instance.tagSet)[Tags.userKey], (try? Names.user(user)) != nil {
                found[instance.instanceId] = user
            } else if let image = instance.imageId, !image.isEmpty {
                images[image, default: []].append(instance)
            }
        }
        let known = try users(ofImages: Array(images.keys))
        for instance in instances where found[instance.instanceId] == nil {
            let byImage = instance.imageId.flatMap { known[$0] }.flatMap { $0.isEmpty ? nil : $0 }
            found[instance.instanceId] =
                byImage ?? LoginUser.guess(from: [instance.platform, instance.platformDetails])
                ?? (service.isAmazon ? "ec2-user" : nil)
        }
        return found
    }

    private func users(ofImages ids: [String]) throws -> [String: String] {
        var users: [String: String] = [:]
        for id in ids { users[id] = cache.user(ofImage: id) }
        let unknown = ids.filter { users[$0] == nil }
        guard !unknown.isEmpty else { return users }
        var fresh = Dictionary(uniqueKeysWithValues: unknown.map { ($0, "") })
        for start in stride(from: 0, to: unknown.count, by: 200) {
            let some = Array(unknown[start..<min(start + 200, unknown.count)])
            // Not every user may look at images; then the platform has to tell.
            var request = EC2.DescribeImages()
            request.filter = [EC2.Filter(name: "image-id", value: some)]
            let answer = try service.ask(
                request,
                as: EC2Answer.DescribeImages.self,
                absentCodes: ["UnauthorizedOperation", "AccessDenied", "InvalidAction"]
            )
            for image in answer?.imagesSet?.records ?? [] {
                fresh[image.imageId] =
                    LoginUser.guess(from: [image.name, image.description, image.platformDetails]) ?? ""
            }
        }
        cache.keep(users: fresh)
        return users.merging(fresh) { own, _ in own }
    }
}

extension Instance {
    /// - Returns: nil for one whose state or id is none that is known.
    init?(_ instance: EC2Answer.Instance, user: String?) {
        guard let state = InstanceState(rawValue: instance.instanceState.name),
            Identifier.looksLikeInstanceID(instance.instanceId)
        else { return nil }
        let addresses = [
            instance.ipAddress, instance.ipv6Address, instance.privateIpAddress,
            // Where there is no address there may be a name.
            instance.ipAddress == nil && instance.privateIpAddress == nil ? instance.dnsName : nil,
        ]
        let tags = Tags(ec2: instance.tagSet)
        let port = tags[Tags.portKey].flatMap { Int($0) }
        self.init(
            id: instance.instanceId,
            tags: tags,
            state: state,
            addresses: addresses.compactMap { $0 }.filter { !$0.isEmpty && (try? Names.address($0)) != nil }
                // A latchkeyd tells an address that is both public and private twice.
                .reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
            port: port.flatMap { (1...65535).contains($0) ? $0 : nil } ?? Instance.defaultPort,
            user: user,
            keyName: instance.keyName.flatMap { $0.isEmpty ? nil : $0 },
            created: instance.launchTime ?? Date(timeIntervalSince1970: 0)
        )
    }
}
