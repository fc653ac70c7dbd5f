// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import LatchkeyAPI
package import LatchkeyModel

/// What is changed at a latchkeyd: instances are launched, their states are changed, public keys are registered.
///
/// Everything throws `requestRefused`, `controlPlaneUnreachable` and what looking for credentials throws. What got no answer
/// may have been carried out; it is sent again only where that makes no difference.
package struct EC2Operations: Sendable {
    /// What to launch.
    package struct Launch: Sendable {
        /// `ami-…`.
        package var imageID: String
        package var keyName: String?
        /// Its name is one of them.
        package var tags: Tags
        package var userData: [UInt8]?

        package init(imageID: String, keyName: String?, tags: Tags, userData: [UInt8]?) {
            self.imageID = imageID
            self.keyName = keyName
            self.tags = tags
            self.userData = userData
        }
    }

    /// Something to launch from.
    package struct Image: Equatable, Sendable {
        package let id: String
        package let name: String
    }

    /// How far an instance has come.
    package struct Progress: Equatable, Sendable {
        /// Nil for one that is not known here.
        package let state: InstanceState?
        /// Why it is in that state, where the server says so.
        package let reason: String?

        package init(state: InstanceState?, reason: String? = nil) {
            self.state = state
            self.reason = reason
        }
    }

    /// A change of an instance's state.
    package enum Change: String, Sendable {
        case start, stop, reboot, terminate
    }

    private let client: QueryClient
    private let failure: @Sendable (ServiceFailure, String) -> LatchkeyError
    private let prepare: @Sendable () throws -> Void
    private let forget: @Sendable () -> Void

    /// At a remote control plane.
    ///
    /// - Parameter forget: has asked anew what was asked a moment ago; called here, since a caller that is about to change
    ///   something needs to know what there is, and after each operation.
    init(_ client: QueryClient, _ service: RemoteService, forget: @escaping @Sendable () -> Void) {
        self.client = client
        self.forget = forget
        forget()
        failure = { service.settings.error($0, doing: $1) }
        prepare = { try service.signIn() }
    }

    /// At the latchkeyd of this home.
    package init(_ endpoint: ServiceEndpoint) {
        client = QueryClient(endpoint, dialect: .ec2, retries: RetryPolicy(attempts: 2))
        failure = { failure, _ in
            switch failure {
            case .refused(_, let status, let message) where status < 500:
                LatchkeyError(.requestRefused, "latchkeyd refused it: \(message)")
            default:
                LatchkeyError(
                    .controlPlaneUnreachable,
                    "latchkeyd cannot be asked: \(failure.message)",
                    hint: "does it run? instances are launched by: latchkeyd run --docker"
                )
            }
        }
        prepare = {}
        forget = {}
    }

    /// What instances can be launched from, by name.
    package func images() throws -> [Image] {
        let answer = try ask(EC2.DescribeImages(), as: EC2Answer.DescribeImages.self)
        return (answer.imagesSet?.records ?? []).map { Image(id: $0.imageId, name: $0.name ?? $0.imageId) }
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Launches one instance.
    ///
    /// - Returns: its id. It is on its way then.
    package func launch(_ launch: Launch) throws -> Instance.ID {
        var request = EC2.RunInstances(imageId: launch.imageID, minCount: 1, maxCount: 1)
        request.keyName = launch.keyName
        request.userData = launch.userData.map { Data($0).base64EncodedString() }
        request.clientToken = UUID().uuidString
        request.tagSpecification = EC2Operations.specification("instance", launch.tags).map { [$0] }
        let answer = try ask(request, as: EC2Answer.Reservation.self)
        guard let id = answer.instancesSet?.records.first?.instanceId else {
            throw failure(.malformed("RunInstances names no instance"), "ec2:RunInstances")
        }
        return id
    }

    /// Begins to change the states of instances, of all or of none.
    package func change(_ ids: [Instance.ID], _ change: Change) throws {
        switch change {
        case .start: _ = try ask(EC2.StartInstances(instanceId: ids), as: EC2Answer.Nothing.self)
        case .stop: _ = try ask(EC2.StopInstances(instanceId: ids), as: EC2Answer.Nothing.self)
        case .reboot:
            _ = try ask(EC2.RebootInstances(instanceId: ids), as: EC2Answer.Nothing.self, isIdempotent: false)
        case .terminate: _ = try ask(EC2.TerminateInstances(instanceId: ids), as: EC2Answer.Nothing.self)
        }
    }

    /// Registers the public half of a key.
    ///
    /// - Returns: the pair's id, and its fingerprint as EC2 shows it.
    package func importKeyPair(
        _ name: String,
        _ key: PublicKey,
        tags: Tags
    ) throws -> (id: String, fingerprint: String) {
        var request = EC2.ImportKeyPair(
            keyName: name,
            publicKeyMaterial: Data("\(key.line) \(name)".utf8).base64EncodedString()
        )
        request.tagSpecification = EC2Operations.specification("key-pair", tags).map { [$0] }
        // A second time it would be refused, for there is one of this name.
        let answer = try ask(request, as: EC2Answer.KeyPair.self, isIdempotent: false)
        return (answer.keyPairId ?? "", (answer.keyFingerprint ?? "").terminalSafe)
    }

    /// Forgets a key pair. One that is not there is as good as forgotten.
    package func deleteKeyPair(_ name: String) throws {
        _ = try ask(EC2.DeleteKeyPair(keyName: name), as: EC2Answer.Nothing.self)
    }

    private static func specification(_ type: String, _ tags: Tags) -> EC2.TagSpecification? {
        guard !tags.isEmpty else { return nil }
        let list = tags.sorted { $0.key < $1.key }.map { EC2.TagRequest(key: $0.key, value: $0.value) }
        return EC2.TagSpecification(resourceType: type, tag: list)
    }

    /// How far these have come; one that is not known is missing.
    package func progress(of ids: [Instance.ID]) throws -> [Instance.ID: Progress] {
        var request = EC2.DescribeInstances()
        request.filter = [EC2.Filter(name: "instance-id", value: ids)]
        let answer = try ask(request, as: EC2Answer.DescribeInstances.self)
        var progress: [Instance.ID: Progress] = [:]
        for instance in (answer.reservationSet ?? []).flatMap({ $0.instancesSet?.records ?? [] }) {
            progress[instance.instanceId] = Progress(
                state: InstanceState(rawValue: instance.instanceState.name),
                reason: instance.stateReason?.message?.terminalSafe
            )
        }
        return progress
    }

    private func ask<Request: EC2.Request, Answer: Decodable>(
        _ request: Request,
        as type: Answer.Type,
        isIdempotent: Bool = true
    ) throws -> Answer {
        try prepare()
        defer { forget() }
        do throws(ServiceFailure) {
            return try client.call(Request.operation, request, as: type, isIdempotent: isIdempotent)
        } catch {
            throw failure(error, "ec2:\(Request.operation)")
        }
    }
}
