// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore
internal import NIOCore

/// Takes an agent's report of its machine.
struct UpdateInstanceInformationOperation: Operation {
    static let action: Action = "ssm:UpdateInstanceInformation"
    static let callers: Set<Principal.Kind> = [.instance]

    let agents: AgentService

    func resources(of request: UpdateInstanceInformation) -> [Resource] {
        request.instanceId.map { [.instance($0)] } ?? []
    }

    func execute(_ request: UpdateInstanceInformation, in context: OperationContext) async throws -> EmptyResponse {
        let id = try context.instanceID
        let (store, relay) = (agents.store, agents.relay)
        let process = request.latchkeyProcess
        guard try await !relay.loop.submit({ relay.isTaken(id, for: process) }).get() else {
            throw ServiceError.denied("another agent is connected as \(id): its state folder is the same, or a copy")
        }
        // Cut again, since what is written out is longer.
        func short(_ text: String?) -> String? {
            text?.cut(to: .reportedField).terminalSafe.cut(to: .reportedField)
        }
        let report = ManagedInstance.Report(
            agentName: short(request.agentName),
            agentVersion: short(request.agentVersion),
            platformName: short(request.platformName),
            platformType: short(request.platformType),
            platformVersion: short(request.platformVersion),
            ipAddress: short(request.iPAddress),
            computerName: short(request.computerName)
        )
        let hostKeys = (request.latchkeyHostKeys ?? []).prefix(16).filter { $0.fits(.hostKeyLine) }
            .compactMap { PublicKey(line: $0) }
        let addresses = (request.latchkeyAddresses ?? []).prefix(16).filter { (try? Names.address($0)) != nil }
        let port = request.latchkeyPort.flatMap { (1...65535).contains($0) ? $0 : nil }
        try await agents.pool.write {
            try store.update(id, with: report, at: Date())
            try store.noteReachability(of: id, hostKeys: hostKeys, addresses: Array(addresses), port: port, at: Date())
        }
        return EmptyResponse()
    }
}
