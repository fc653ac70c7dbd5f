// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore
internal import NIOCore

/// Tells whether an instance's agent is connected.
struct GetConnectionStatusOperation: SystemsManagerOperation {
    static let action: Action = "ssm:GetConnectionStatus"

    let ssm: SystemsManager

    func resources(of request: GetConnectionStatus) -> [Resource] {
        [.instance(request.target)]
    }

    func execute(_ request: GetConnectionStatus, in context: OperationContext) async throws
        -> GetConnectionStatus.Response
    {
        let target = request.target
        let presence = try await agents.agent(of: target).get()
        var answer = GetConnectionStatus.Response(
            target: target,
            status: presence == nil ? "notconnected" : "connected",
            takesPushedKeys: presence?.takesPushedKeys
        )
        answer.latchkeyCopied = try await agents.copied().get()[target]
        if presence == nil {
            let managed = try await pool.run { try store.managedInstance(target) }
            answer.latchkeyAgentName = managed?.report.agentName
            answer.latchkeyLastSeen = managed?.lastPing
        }
        return answer
    }
}
