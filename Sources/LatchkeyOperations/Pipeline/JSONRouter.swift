// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import NIOHTTP1

/// What comes in by the AWS JSON protocol, in which Systems Manager and EC2 Instance Connect are asked.
struct JSONRouter: Sendable {
    let pipeline: RequestPipeline
    let registry: OperationRegistry
    let region: String

    /// What stands before an operation in `X-Amz-Target`, and whose operation it is.
    private static let services = [
        "AmazonSSM": "ssm", "EC2WindowsMessageDeliveryService": "ec2messages",
        SendSSHPublicKey.target.prefix: SendSSHPublicKey.target.service,
        ServiceTarget.latchkey.prefix: ServiceTarget.latchkey.service,
    ]

    /// What a request asks for; nil where its target is no service's.
    static func action(_ target: String) -> Action? {
        let parts = target.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let service = services[String(parts[0])] else { return nil }
        return Action(service: service, name: String(parts[1]))
    }

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        let requestID = Random.uuid()
        guard let target = request.headers.first(name: "X-Amz-Target") else {
            let error = ServiceError(code: "UnknownOperationException", message: "the request names no operation")
            return refuse(request, error, requestID)
        }
        guard let action = JSONRouter.action(target) else {
            return refuse(request, .unknownOperation(target), requestID)
        }
        let coding = JSONCoding(action: action, body: request.body, requestID: requestID, region: region)
        return await pipeline.respond(to: request, action, with: registry[action], coding, requestID: requestID)
    }

    /// Refuses one who has tried too often to sign in.
    ///
    /// - Parameter delay: seconds.
    func refuseSignIn(_ request: IncomingRequest, for delay: Int) -> OutgoingResponse {
        let error = ServiceError(
            code: "TooManyRequestsException",
            message: "too many attempts to sign in failed; try again in \(delay) s",
            status: .tooManyRequests
        )
        var response = refuse(request, error, Random.uuid())
        response.headers.add(name: "Retry-After", value: String(delay))
        return response
    }

    private func refuse(_ request: IncomingRequest, _ error: ServiceError, _ requestID: String) -> OutgoingResponse {
        let told = pipeline.faults.serviceError(for: error, of: request.path, error)
        return JSONCoding.response(to: told, requestID: requestID)
    }
}
