// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import Logging

extension EC2Service {
    private static let launchLimit = 100
    private static let userDataLimit = 16 * 1024
    private static let defaultType = "m1.small"

    // MARK: Launching

    func runInstances(_ request: EC2.RunInstances) async throws -> EC2.Reservation {
        try EC2Service.checkCounts(request)
        try EC2Service.checkFixed(request)
        let tags = try EC2Service.tags(request.tagSpecification, for: "instance")
        let userData = try EC2Service.userData(request.userData)
        let type = request.instanceType ?? EC2Service.defaultType
        guard (1...64).contains(type.utf8.count), type.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServiceError.invalidParameter("Invalid value for InstanceType")
        }
        guard let imageID = request.imageId, !imageID.isEmpty else { throw ServiceError.missingParameter("ImageId") }
        guard imageID.hasPrefix("ami-") else {
            throw ServiceError(
                code: "InvalidAMIID.Malformed",
                message: "Invalid id: \"\(imageID.cut(to: .quotation).terminalSafe)\" (expecting \"ami-...\")"
            )
        }
        let idempotency = try EC2Service.idempotency(request)
        if let name = request.keyName, try await workers.run({ try store.keyPair(named: name) }) == nil {
            throw ServiceError.keyPairNotFound(name: name)
        }
        let launcher = try requireLauncher()
        if let known = try await launched(idempotency) { return known }
        guard let image = try await launcher.images().first(where: { $0.id == imageID }) else {
            throw ServiceError(
                code: "InvalidAMIID.NotFound",
                message: "The image id '[\(imageID.cut(to: .quotation).terminalSafe)]' does not exist"
            )
        }
        // Its answer has no pages.
        guard PageBudget.size(of: tags) <= PageBudget.bytes / request.maxCount else {
            throw ServiceError.invalidParameter("The tags of so many instances are too much for one answer")
        }
        try checkDryRun(request)
        let now = Date()
        let reservationID = Identifier.make(prefix: Identifier.reservationPrefix)
        let launches = (0..<request.maxCount)
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
                    stateChanged: now
                )
                return (instance, record)
            }
        let known = try await workers.write { try store.launch(launches, userData: userData) }
        let reservation = try await reservation(known.isEmpty ? launches.map(\.1) : known, idempotency)
        if known.isEmpty { begin(launches.map(\.0.id), launcher) }
        return reservation
    }

    /// What was launched with the same client token before; nil if nothing was.
    private func launched(_ idempotency: LaunchRecord.Idempotency?) async throws -> EC2.Reservation? {
        guard let idempotency else { return nil }
        let known = try await workers.run { try store.launches(withClientToken: idempotency.clientToken) }
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
        let page = try await workers.run { try store.describeInstances(ids: ids, limit: ids.count).page }
        return reservations(page).first
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
                    await note(error, "launch", id, to: .terminated)
                }
            }
        }
    }

    /// - Parameter state: what an instance that is pending becomes for want of what failed; nil to leave it as it is.
    private func note(
        _ error: any Error,
        _ what: String,
        _ id: Instance.ID,
        to state: InstanceState? = nil
    ) async {
        log.error("an instance could not \(what)", metadata: ["instance": "\(id)", "error": "\(error)"])
        guard let state else { return }
        let why = (error as? LatchkeyError)?.message ?? "the server's log says why"
        do {
            _ = try await workers.write {
                try store.setState(of: id, state, from: [.pending], reason: .internalError(why), at: Date())
            }
        } catch {
            log.error("a state could not be noted", metadata: ["instance": "\(id)", "error": "\(error)"])
        }
    }

    private static func checkCounts(_ request: EC2.RunInstances) throws(ServiceError) {
        guard request.minCount >= 1, request.maxCount >= 1 else {
            throw .invalidParameter("MinCount and MaxCount must be 1 or more")
        }
        guard request.minCount <= request.maxCount else {
            throw .combination("MinCount must not be greater than MaxCount")
        }
        guard request.maxCount <= launchLimit else {
            throw ServiceError(
                code: "InstanceLimitExceeded",
                message: "\(launchLimit) instances at the most can be launched at once"
            )
        }
    }

    /// What can only be as it is.
    private static func checkFixed(_ request: EC2.RunInstances) throws(ServiceError) {
        if let behaviour = request.instanceInitiatedShutdownBehavior, behaviour != "stop" {
            throw .unsupported("An instance that shuts down stops: InstanceInitiatedShutdownBehavior can be stop only")
        }
        if request.disableApiTermination == true || request.disableApiStop == true {
            throw .unsupported("Instances cannot be protected from being stopped or terminated")
        }
        if request.monitoring?.enabled == true { throw .unsupported("There is no detailed monitoring") }
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

    // MARK: Changing states

    func startInstances(_ request: EC2.StartInstances) async throws -> EC2.StateChanges {
        let transition = StateTransition(to: .pending, from: [.stopped], unchanged: [.pending, .running])
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.start(id) } catch { await note(error, "start", id, to: .stopped) }
        }
    }

    func stopInstances(_ request: EC2.StopInstances) async throws -> EC2.StateChanges {
        if request.hibernate == true {
            throw ServiceError(code: "UnsupportedHibernationConfiguration", message: "Instances cannot hibernate")
        }
        let force = request.force == true || request.skipOsShutdown == true
        let transition = StateTransition(
            to: .stopping,
            from: [.running],
            unchanged: [.stopping, .stopped],
            reason: .userStopped
        )
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.stop(id, force: force) } catch { await note(error, "stop", id) }
        }
    }

    func terminateInstances(_ request: EC2.TerminateInstances) async throws -> EC2.StateChanges {
        let transition = StateTransition(
            to: .shuttingDown,
            from: [.pending, .running, .stopping, .stopped],
            unchanged: [.shuttingDown, .terminated],
            reason: .userStopped
        )
        return try await change(request, request.instanceId, transition) { launcher, id in
            do { try await launcher.terminate(id) } catch { await note(error, "terminate", id) }
        }
    }

    func rebootInstances(_ request: EC2.RebootInstances) async throws -> EC2.Done {
        let transition = StateTransition(to: .running, from: [.running], unchanged: [])
        _ = try await change(request, request.instanceId, transition, isAwaited: true) { launcher, id in
            do { try await launcher.reboot(id) } catch { await note(error, "reboot", id) }
        }
        return EC2.Done()
    }

    /// Changes states, and has the machines follow, all at once. One that is on its way already is told again, in case that
    /// nobody heard.
    ///
    /// - Parameter isAwaited: whether the answer waits for them, as where the states do not tell.
    private func change(
        _ request: some EC2.Request,
        _ ids: [String],
        _ transition: StateTransition,
        isAwaited: Bool = false,
        _ follow: @escaping @Sendable (any InstanceLauncher, Instance.ID) async -> Void
    ) async throws -> EC2.StateChanges {
        let ids = try EC2Service.instanceIDs(ids)
        if ids.isEmpty { throw ServiceError.missingParameter("InstanceId") }
        // One that has died a moment ago is not to be taken for one that runs.
        do { try await launcher?.look() } catch { log.error("instances", metadata: ["error": "\(error)"]) }
        _ = try await workers.write { try store.change(ids, transition, isTrial: true, at: Date()) }
        let launcher = try requireLauncher()
        try checkDryRun(request)
        let changes = try await workers.write { try store.change(ids, transition, at: Date()) }
        // A new machine is told once only: it may be on its way from elsewhere.
        let moved = changes.filter { change in
            change.after == transition.state && (change.before != change.after || transition.state != .pending)
        }
        let following = Task {
            await withTaskGroup(of: Void.self) { group in
                for change in moved { group.addTask { await follow(launcher, change.id) } }
            }
        }
        if isAwaited { await following.value }
        return EC2.StateChanges(
            instancesSet: changes.map { change in
                EC2.StateChange(
                    instanceId: change.id,
                    currentState: EC2.State(change.after),
                    previousState: EC2.State(change.before)
                )
            }
        )
    }

    // MARK: One instance

    /// What a launched machine has written. Host keys that somebody vouched for and that are not to be seen there, or no more,
    /// stand before it as cloud-init prints them: an instance that was added has no console, but its clients need its keys.
    func getConsoleOutput(_ request: EC2.GetConsoleOutput) async throws -> EC2.GetConsoleOutput.Response {
        let instance = try await known(request.instanceId)
        try checkDryRun(request)
        let vouched = instance.hostKeys.filter(\.isVouchedFor).map(\.key)
        var output: (text: [UInt8], date: Date)?
        do {
            let isLaunched = try await workers.run { try store.launch(of: instance.id) != nil }
            if isLaunched { output = try await requireLauncher().consoleOutput(of: instance.id) }
        } catch  where !vouched.isEmpty {
            log.error("console", metadata: ["instance": "\(instance.id)", "error": "\(error)"])
        }
        var text = output?.text ?? []
        let shown = HostKeyText.keys(onConsole: String(decoding: text, as: UTF8.self))
        if !vouched.isEmpty, shown.isEmpty || !Set(shown).isSubset(of: vouched) {
            // Keys that contradict each other would vouch for nothing.
            text = HostKeyText.block(of: vouched).utf8 + HostKeyText.disarmed(text, beginsWithBoot: false)
        }
        return EC2.GetConsoleOutput.Response(
            instanceId: instance.id,
            timestamp: output?.date ?? Date(),
            output: text.isEmpty ? nil : Data(text).base64EncodedString()
        )
    }

    /// Only Windows has a password, which EC2 is told of by a program there.
    func getPasswordData(_ request: EC2.GetPasswordData) async throws -> EC2.GetPasswordData.Response {
        let id = try await known(request.instanceId).id
        try checkDryRun(request)
        return EC2.GetPasswordData.Response(instanceId: id, timestamp: Date(), passwordData: "")
    }

    private func known(_ id: String) async throws -> Instance {
        let ids = try EC2Service.instanceIDs([id])
        guard let instance = try await workers.run({ try store.instances(withIDs: ids) }).first else {
            throw ServiceError.instancesNotFound(ids)
        }
        return instance
    }
}
