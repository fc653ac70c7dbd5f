// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel

/// Launching instances, and what becomes of them.
extension EC2Service {
    /// The most instances that one request launches.
    private static let countLimit = 20
    private static let userDataLimit = 16 * 1024
    private static let defaultType = "t3.micro"

    func requireLauncher() throws(QueryError) -> any InstanceLauncher {
        guard let launcher else {
            throw QueryError(
                code: "UnsupportedOperation",
                message:
                    "This server launches no instances: it runs without a container engine (latchkeyd run --docker)."
            )
        }
        return launcher
    }

    func runInstances(_ parameters: QueryParameters) async throws -> Answer {
        let launcher = try requireLauncher()
        let imageName = try required("ImageId", parameters)
        let count = try count(parameters)
        let token = parameters["ClientToken"].flatMap { $0.isEmpty ? nil : $0 }
        if let token, !(1...64).contains(token.utf8.count) { throw QueryError.invalid("The client token is too long") }
        var tags: Tags = [:]
        for specification in parameters.structures("TagSpecification") where specification["ResourceType"] == "instance"
        {
            tags.merge(try readTags(specification.structures("Tag"))) { _, last in last }
        }
        var userData: [UInt8]?
        if let text = parameters["UserData"], !text.isEmpty {
            guard let data = Data(base64Encoded: text) else {
                throw QueryError(code: "InvalidUserData.Malformed", message: "Invalid BASE64 encoding of user data.")
            }
            guard data.count <= EC2Service.userDataLimit else {
                throw QueryError.invalid("User data is limited to \(EC2Service.userDataLimit) bytes")
            }
            userData = Array(data)
        }
        let keyName = parameters["KeyName"].flatMap { $0.isEmpty ? nil : $0 }
        if let keyName {
            guard try await workers.run({ [store] in try store.keyPair(named: keyName) }) != nil else {
                throw QueryError.noKeyPair(keyName)
            }
        }
        guard let image = try await launcher.images().first(where: { $0.id == imageName || $0.name == imageName })
        else {
            throw QueryError(
                code: imageName.hasPrefix("ami-") ? "InvalidAMIID.NotFound" : "InvalidAMIID.Malformed",
                message: "The image id '[\(imageName.prefix(128))]' does not exist"
            )
        }
        try stopAtDryRun(parameters)
        let digest = parameters.digest
        let now = Date()
        let reservationID = Identifier.make(prefix: Identifier.reservationPrefix)
        let launches = (0..<count)
            .map { index in
                let instance = Instance(
                    tags: tags,
                    state: .pending,
                    addresses: [],
                    user: image.user,
                    keyName: keyName,
                    created: now
                )
                let record = LaunchRecord(
                    instanceID: instance.id,
                    reservationID: reservationID,
                    launchIndex: index,
                    imageID: image.id,
                    instanceType: parameters["InstanceType"] ?? EC2Service.defaultType,
                    launched: now,
                    idempotency: token.map { LaunchRecord.Idempotency(clientToken: $0, requestDigest: digest) },
                    stateChanged: now
                )
                return (instance, record)
            }
        let (ids, isNew) = try await workers.run { [store, userData] in
            if let token {
                let known = try store.launches(withClientToken: token)
                guard known.allSatisfy({ $0.idempotency?.requestDigest == digest }) else {
                    throw QueryError(
                        code: "IdempotentParameterMismatch",
                        message: "The client token was used for another request."
                    )
                }
                if !known.isEmpty { return (known.map(\.instanceID), false) }
            }
            try store.launch(launches, userData: userData)
            return (launches.map(\.0.id), true)
        }
        if isNew { for id in ids { try await launcher.launch(id) } }
        let content = try await workers.run { [self] in try reservation(of: ids) }
        return { xml in content(&xml) }
    }

    private func count(_ parameters: QueryParameters) throws(QueryError) -> Int {
        guard let least = Int(try required("MinCount", parameters)),
            let most = Int(try required("MaxCount", parameters)),
            least >= 1, most >= least
        else { throw .invalid("MinCount and MaxCount must be numbers from 1, the second not the smaller one") }
        guard least <= EC2Service.countLimit else {
            throw QueryError(
                code: "InstanceLimitExceeded",
                message: "A request launches \(EC2Service.countLimit) instances at the most."
            )
        }
        return min(most, EC2Service.countLimit)
    }

    /// The reservation of these instances, as RunInstances tells it.
    private func reservation(of ids: [Instance.ID]) throws -> Answer {
        let instances = try store.instances(withIDs: ids)
        let records = try store.launches(of: ids)
        let zone = "\(region)a"
        return { xml in
            xml.element("reservationId", text: records.values.first?.reservationID ?? "")
            xml.element("ownerId", text: Principal.account)
            xml.list("groupSet", [Int]()) { _, _ in }
            xml.list("instancesSet", instances) { xml, instance in
                xml.instance(instance, records[instance.id], zone: zone)
            }
        }
    }

    // MARK: States

    func startInstances(_ parameters: QueryParameters) async throws -> Answer {
        let launcher = try requireLauncher()
        return try await change(parameters, to: .pending, from: [.stopped], passing: [.running, .pending]) {
            try await launcher.start($0)
        }
    }

    func stopInstances(_ parameters: QueryParameters) async throws -> Answer {
        let launcher = try requireLauncher()
        let isForced = parameters["Force"] == "true"
        return try await change(parameters, to: .stopping, from: [.running], passing: [.stopped, .stopping]) {
            try await launcher.stop($0, force: isForced)
        }
    }

    func terminateInstances(_ parameters: QueryParameters) async throws -> Answer {
        let launcher = try requireLauncher()
        return try await change(
            parameters,
            to: .shuttingDown,
            from: [.running, .pending, .stopped, .stopping],
            passing: [.shuttingDown, .terminated]
        ) {
            try await launcher.terminate($0)
        }
    }

    func rebootInstances(_ parameters: QueryParameters) async throws -> Answer {
        let launcher = try requireLauncher()
        let instances = try await launched(parameters)
        for instance in instances where instance.state != .running {
            throw EC2Service.wrongState(instance)
        }
        try stopAtDryRun(parameters)
        for instance in instances { try await launcher.reboot(instance.id) }
        return { $0.element("return", true) }
    }

    private static func wrongState(_ instance: Instance) -> QueryError {
        QueryError(
            code: "IncorrectInstanceState",
            message:
                "The instance '\(instance.id)' is not in a state from which it can do this: \(instance.state.rawValue)."
        )
    }

    /// The instances of a request, all of which must have been launched here.
    private func launched(_ parameters: QueryParameters) async throws -> [Instance] {
        let ids = parameters.list("InstanceId")
        guard !ids.isEmpty else { throw QueryError.missing("InstanceId") }
        for id in ids { try checkID(id) }
        return try await workers.run { [store] in
            let instances = try store.instances(withIDs: ids)
            let records = try store.launches(of: ids)
            for id in ids {
                guard instances.contains(where: { $0.id == id }) else { throw QueryError.noInstance(id) }
                guard records[id] != nil else {
                    throw QueryError(
                        code: "UnsupportedOperation",
                        message:
                            "The instance '\(id)' was added, not launched here, and is not this server's to change."
                    )
                }
            }
            return instances
        }
    }

    /// Puts instances into another state, all or none, and has done what that takes.
    ///
    /// - Parameter passed: states in which there is nothing to do.
    private func change(
        _ parameters: QueryParameters,
        to state: InstanceState,
        from expected: Set<InstanceState>,
        passing passed: Set<InstanceState>,
        _ act: (Instance.ID) async throws -> Void
    ) async throws -> Answer {
        let instances = try await launched(parameters)
        if let wrong = instances.first(where: { !expected.contains($0.state) && !passed.contains($0.state) }) {
            throw EC2Service.wrongState(wrong)
        }
        try stopAtDryRun(parameters)
        var changes: [(id: Instance.ID, before: InstanceState, now: InstanceState)] = []
        for instance in instances {
            let before = try await workers.run { [store] in
                try store.setState(
                    of: instance.id,
                    state,
                    from: expected,
                    reason: state == .pending ? nil : .userStopped,
                    at: Date()
                )
            }
            if before != nil { try await act(instance.id) }
            changes.append((instance.id, before ?? instance.state, before == nil ? instance.state : state))
        }
        return { [changes] xml in
            xml.list("instancesSet", changes) { xml, change in
                xml.element("instanceId", text: change.id)
                xml.element("currentState") { $0.state(change.now) }
                xml.element("previousState") { $0.state(change.before) }
            }
        }
    }

    // MARK: Images and consoles

    func describeImages(_ parameters: QueryParameters) async throws -> Answer {
        let images = try await launcher?.images() ?? []
        let ids = parameters.list("ImageId")
        for id in ids where !images.contains(where: { $0.id == id }) {
            throw QueryError(code: "InvalidAMIID.NotFound", message: "The image id '[\(id.prefix(64))]' does not exist")
        }
        let filters = try filters(parameters)
        try stopAtDryRun(parameters)
        let found = try images.filter { image in
            guard ids.isEmpty || ids.contains(image.id) else { return false }
            return try filters.allSatisfy { filter in
                func fits(_ text: String) -> Bool { filter.values.contains { Wildcard($0).matches(text) } }
                switch filter.name {
                case "name": return fits(image.name)
                case "image-id": return fits(image.id)
                case "architecture": return fits(image.architecture)
                case "state": return fits("available")
                case "description": return fits(image.description ?? "")
                case "image-type": return fits("machine")
                case "is-public": return fits("false")
                case "owner-id": return fits(Principal.account)
                default: throw QueryError.unknownFilter(filter.name)
                }
            }
        }
        return { xml in
            xml.list("imagesSet", found) { xml, image in
                xml.element("imageId", text: image.id)
                xml.element("imageLocation", text: image.name)
                xml.element("imageState", text: "available")
                xml.element("imageOwnerId", text: Principal.account)
                xml.element("creationDate", text: EC2Service.time(image.created))
                xml.element("isPublic", false)
                xml.element("architecture", text: image.architecture)
                xml.element("imageType", text: "machine")
                xml.element("name", text: image.name)
                xml.element("description", ifAny: image.description)
                xml.element("rootDeviceType", text: "instance-store")
                xml.element("virtualizationType", text: "hvm")
            }
        }
    }

    /// What an instance has written to its console; for one that was not launched here, the host keys that are known of it, as
    /// cloud-init prints them: who asks for the output learns what to trust.
    func getConsoleOutput(_ parameters: QueryParameters) async throws -> Answer {
        let id = try required("InstanceId", parameters)
        try checkID(id)
        guard let instance = try await workers.run({ [store] in try store.instances(withIDs: [id]).first }) else {
            throw QueryError.noInstance(id)
        }
        try stopAtDryRun(parameters)
        let written = try await launcher?.consoleOutput(of: id)
        let text = written?.text ?? Array(EC2Service.hostKeyLines(instance).utf8)
        let date = written?.date ?? instance.hostKeys.map(\.pinned).max() ?? instance.created
        return { xml in
            xml.element("instanceId", text: id)
            xml.element("timestamp", text: EC2Service.time(date))
            xml.element("output", text: Data(text).base64EncodedString())
        }
    }
}

extension QueryParameters {
    /// The SHA-256 of all but the token that marks a repeat, the dry run and the signature's part.
    fileprivate var digest: [UInt8] {
        let ignored: Set = ["ClientToken", "DryRun"]
        let lines = all.filter { !ignored.contains($0.key) && !$0.key.hasPrefix("X-Amz-") }
            .map { "\($0.key)=\($0.value)" }
            .sorted()
        return Digest.sha256(Array(lines.joined(separator: "\n").utf8))
    }
}
