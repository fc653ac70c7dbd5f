// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyStore

/// Sends a script to instances.
struct SendCommandOperation: SystemsManagerOperation {
    static let action: Action = "ssm:SendCommand"

    let ssm: SystemsManager

    func resources(of request: SendCommand) -> [Resource] {
        (request.instanceIds ?? []).map(Resource.instance) + [.document(request.documentName)]
    }

    func execute(_ request: SendCommand, in context: OperationContext) async throws -> SendCommand.Response {
        let parameters = request.parameters ?? [:]
        _ = try ServiceDocument.named(request.documentName, version: request.documentVersion)
        _ = try RunShellScript(request.documentName, parameters)
        guard request.outputS3BucketName?.isEmpty ?? true else {
            throw ServiceError.invalid("output is not written to S3 here; GetCommandInvocation tells it")
        }
        if let comment = request.comment, !comment.fits(.commandComment) {
            throw ServiceError.invalid("'comment' is longer than \(TextLimit.commandComment.scalars) characters")
        }
        let timeout = request.timeoutSeconds ?? 3600
        guard Self.deliveryTimeouts.contains(timeout) else {
            throw ServiceError.invalid("'timeoutSeconds' must be 30 to 2592000")
        }
        let command = CommandRecord(
            id: Random.uuid(),
            documentName: RunShellScript.document,
            comment: request.comment,
            parameters: parameters,
            instanceIDs: request.instanceIds ?? [],
            targets: (request.targets ?? []).map { CommandTarget(key: $0.key, values: $0.values) },
            requested: Date(),
            deliveryTimeout: timeout,
            maxConcurrency: try Self.share(request.maxConcurrency ?? "50", "maxConcurrency", least: 1),
            maxErrors: try Self.share(request.maxErrors ?? "0", "maxErrors", least: 0),
            owner: context.callerARN
        )
        let instances = try await addressees(of: command)
        try await commands.send(command, to: instances)
        return SendCommand.Response(command: try await ssm.shape(of: command.id))
    }

    private static let instanceLimit = 50

    private static let targetLimit = 5

    /// How many instances targets may stand for.
    private static let reachLimit = 1000

    /// Seconds within which an agent has to take a command.
    private static let deliveryTimeouts = 30...2_592_000

    /// A number, or one with a percent sign up to 100.
    private static func share(_ text: String, _ name: String, least: Int) throws(ServiceError) -> String {
        let isPart = text.hasSuffix("%")
        guard text.utf8.count <= 7, let number = Int(isPart ? text.dropLast() : text[...]), number >= least,
            !isPart || number <= 100
        else { throw .invalid("'\(name)' must be a number from \(least) on, or one up to 100 with a percent sign") }
        return text
    }

    /// - Throws: `InvalidInstanceId`, `InvalidTarget`, `ValidationException`.
    private func addressees(of command: CommandRecord) async throws -> [Instance.ID] {
        let (ids, targets) = (command.instanceIDs, command.targets)
        guard ids.isEmpty != targets.isEmpty else {
            throw ServiceError.invalid("either 'instanceIds' or 'targets' must be given")
        }
        guard ids.count <= Self.instanceLimit, targets.count <= Self.targetLimit,
            targets.allSatisfy({ (1...Self.instanceLimit).contains($0.values.count) })
        else {
            throw ServiceError.invalid(
                "there may be \(Self.instanceLimit) instances, or \(Self.targetLimit) targets of "
                    + "\(Self.instanceLimit) values each"
            )
        }
        guard Set(ids).count == ids.count else {
            throw ServiceError(code: "DuplicateInstanceId", message: "an instance is named twice")
        }
        guard ids.isEmpty else {
            let known = try await pool.run { try store.managedInstanceIDs(among: ids) }
            if let stray = ids.first(where: { !known.contains($0) }) {
                throw ServiceError(
                    code: "InvalidInstanceId",
                    message: "the instance '\(stray.cut(to: .quotation))' has no agent that has registered itself"
                )
            }
            return ids
        }
        let limit = Self.reachLimit
        let found = try await pool.run { try store.managedInstanceIDs(fitting: targets, limit: limit + 1) }
        guard let found else {
            throw ServiceError(code: "InvalidTarget", message: "a target's key is InstanceIds or tag:KEY")
        }
        guard found.count <= limit else {
            throw ServiceError(code: "InvalidTarget", message: "the targets stand for more than \(limit) instances")
        }
        return found
    }
}
