// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyStore

/// Launches instances: at once in the store, and behind the answer in the container engine.
struct RunInstancesOperation: EC2Operation {
    static let action: Action = "ec2:RunInstances"

    let ec2: EC2Service

    func resources(of request: EC2.RunInstances) -> [Resource] {
        [request.imageId.map(Resource.image), request.keyName.map(Resource.keyPair)].compactMap { $0 }
    }

    func execute(_ request: EC2.RunInstances, in context: OperationContext) async throws -> EC2.Reservation {
        let taggable: Set = ["instance", "network-interface", "volume"]
        let allTags = try EC2Service.tags(request.tagSpecification, for: taggable)
        let tags = allTags["instance"] ?? [:]
        let count = try Self.count(request, with: tags)
        let options = try LaunchOptions(request, in: surroundings).text()
        let userData = try Self.userData(request.userData)
        let type = request.instanceType ?? InstanceFilter.defaultType
        guard EC2Service.isType(type) else { throw ServiceError.invalidParameter("Invalid value for InstanceType") }
        guard let imageID = request.imageId, !imageID.isEmpty else { throw ServiceError.missingParameter("ImageId") }
        guard imageID.hasPrefix("ami-") else {
            throw ServiceError(
                code: "InvalidAMIID.Malformed",
                message: "Invalid id: \"\(imageID.cut(to: .quotation).terminalSafe)\" (expecting \"ami-...\")"
            )
        }
        let idempotency = try Self.idempotency(request)
        if let name = request.keyName, try await pool.run({ try store.keyPair(named: name) }) == nil {
            throw ServiceError.keyPairNotFound(name: name)
        }
        let launcher = try ec2.requireLauncher()
        if let known = try await launched(idempotency) { return known }
        guard let image = try await launcher.images().first(where: { $0.id == imageID }) else {
            throw ServiceError(
                code: "InvalidAMIID.NotFound",
                message: "The image id '[\(imageID.cut(to: .quotation).terminalSafe)]' does not exist"
            )
        }
        try ec2.checkDryRun(request)
        let now = Date()
        let reservationID = Identifier.make(prefix: Identifier.reservationPrefix)
        let launches = (0..<count)
            .map { index -> (Instance, LaunchRecord) in
                let instance = Instance(
                    tags: tags,
                    state: .pending,
                    addresses: [],
                    user: image.user,
                    keyName: request.keyName,
                    created: now
                )
                let record = LaunchRecord(
                    instanceID: instance.id,
                    reservationID: reservationID,
                    launchIndex: index,
                    imageID: imageID,
                    instanceType: type,
                    launched: now,
                    idempotency: idempotency,
                    stateChanged: now,
                    options: options
                )
                return (instance, record)
            }
        let volumeTags = allTags["volume"] ?? [:]
        let known = try await pool.write {
            try store.launch(launches, userData: userData, volumeTags: volumeTags)
        }
        let reservation = try await reservation(known.isEmpty ? launches.map(\.1) : known, idempotency)
        if known.isEmpty { begin(launches.map(\.0.id), launcher) }
        return reservation
    }

    private static let userDataLimit = 16 * 1024

    /// What was launched with the same client token before; nil if nothing was.
    private func launched(_ idempotency: LaunchRecord.Idempotency?) async throws -> EC2.Reservation? {
        guard let idempotency else { return nil }
        let known = try await pool.run { try store.launches(withClientToken: idempotency.clientToken) }
        return known.isEmpty ? nil : try await reservation(known, idempotency)
    }

    private func reservation(
        _ records: [LaunchRecord],
        _ idempotency: LaunchRecord.Idempotency?
    ) async throws -> EC2.Reservation {
        guard records.allSatisfy({ $0.idempotency?.requestDigest == idempotency?.requestDigest }) else {
            throw ServiceError(
                code: "IdempotentParameterMismatch",
                message: "The client token was used before, in a request with other parameters"
            )
        }
        let ids = records.map(\.instanceID)
        let page = try await pool.run { try store.describeInstances(withIDs: ids) }
        guard idempotency == nil || page.contains(where: { $0.state != .terminated }) else {
            throw ServiceError(
                code: "IdempotentInstanceTerminated",
                message: "The client token was used before, for instances that have been terminated"
            )
        }
        return ec2.reservations(page.map { ($0, ec2.record($0)) }).first
            ?? EC2.Reservation(
                reservationId: records.first?.reservationID ?? "",
                ownerId: Principal.account,
                instancesSet: []
            )
    }

    /// Has the machines made, behind the answer: a client asks for the state, and hears of a failure there.
    private func begin(_ ids: [Instance.ID], _ launcher: any InstanceLauncher) {
        Task {
            for id in ids {
                do { try await launcher.launch(id) } catch {
                    await ec2.note(error, "launch", id, to: .terminated)
                }
            }
        }
    }

    /// How many to launch: as many as are wanted, or fewer where that is too many and fewer will do.
    private static func count(_ request: EC2.RunInstances, with tags: Tags) throws(ServiceError) -> Int {
        guard request.minCount >= 1, request.maxCount >= 1 else {
            throw .invalidParameter("MinCount and MaxCount must be 1 or more")
        }
        guard request.minCount <= request.maxCount else {
            throw .combination("MinCount must not be greater than MaxCount")
        }
        guard request.minCount <= EC2Service.launchLimit else {
            throw ServiceError(
                code: "InstanceLimitExceeded",
                message: "\(EC2Service.launchLimit) instances at the most can be launched at once"
            )
        }
        // The answer has no pages.
        let roomFor = tags.isEmpty ? EC2Service.launchLimit : PageBudget.bytes / PageBudget.size(of: tags)
        guard request.minCount <= roomFor else {
            throw .invalidParameter("The tags of so many instances are too much for one answer")
        }
        return min(request.maxCount, EC2Service.launchLimit, roomFor)
    }

    private static func userData(_ text: String?) throws(ServiceError) -> [UInt8]? {
        guard let text, !text.isEmpty else { return nil }
        guard let data = Data(base64Encoded: text) else {
            throw ServiceError(code: "InvalidUserData.Malformed", message: "Invalid BASE64 encoding of user data")
        }
        guard data.count <= userDataLimit else {
            throw .invalidParameter("User data is limited to \(userDataLimit) bytes")
        }
        return [UInt8](data)
    }

    private static func idempotency(_ request: EC2.RunInstances) throws -> LaunchRecord.Idempotency? {
        guard let token = request.clientToken, !token.isEmpty else { return nil }
        guard token.utf8.count <= 64, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServiceError.invalidParameter("ClientToken must have up to 64 ASCII characters")
        }
        var same = request
        (same.clientToken, same.dryRun) = (nil, nil)
        let form = try QueryEncoder.encode(same, operation: EC2.RunInstances.operation, version: EC2.version)
        return LaunchRecord.Idempotency(clientToken: token, requestDigest: Digest.sha256(form))
    }
}
