// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import NIOHTTP1

/// What an operation may know of its request besides its parameters.
struct EC2Context: Sendable {
    let request: IncomingRequest
    let requestID: String
}

/// The operations of EC2 that are offered, by their names.
enum EC2Registry {
    typealias Handler = @Sendable (EC2Service, QueryForm, EC2Context) async throws -> OutgoingResponse

    static let all: [String: Handler] = {
        var all: [String: Handler] = [:]
        func offer<Request: EC2.Request>(
            _ type: Request.Type,
            _ operation: @escaping @Sendable (EC2Service, Request) async throws -> Request.Response
        ) {
            all[Request.operation] = { service, form, context in
                let answer = try await operation(service, try form.decode(type))
                let body = try QueryXML.answer(Request.operation, answer, requestID: context.requestID)
                return OutgoingResponse(.ok, type: QueryHandler.contentType, body)
            }
        }
        offer(EC2.ImportKeyPair.self) { try await $0.importKeyPair($1) }
        offer(EC2.DescribeKeyPairs.self) { try await $0.describeKeyPairs($1) }
        offer(EC2.DeleteKeyPair.self) { try await $0.deleteKeyPair($1) }
        offer(EC2.CreateTags.self) { try await $0.createTags($1) }
        offer(EC2.DeleteTags.self) { try await $0.deleteTags($1) }
        offer(EC2.DescribeTags.self) { try await $0.describeTags($1) }
        offer(EC2.DescribeInstances.self) { try await $0.describeInstances($1) }
        offer(EC2.DescribeInstanceStatus.self) { try await $0.describeInstanceStatus($1) }
        offer(EC2.RunInstances.self) { try await $0.runInstances($1) }
        offer(EC2.StartInstances.self) { try await $0.startInstances($1) }
        offer(EC2.StopInstances.self) { try await $0.stopInstances($1) }
        offer(EC2.RebootInstances.self) { try await $0.rebootInstances($1) }
        offer(EC2.TerminateInstances.self) { try await $0.terminateInstances($1) }
        offer(EC2.GetConsoleOutput.self) { try await $0.getConsoleOutput($1) }
        offer(EC2.GetPasswordData.self) { try await $0.getPasswordData($1) }
        offer(EC2.DescribeImages.self) { try await $0.describeImages($1) }
        offer(EC2.DescribeAvailabilityZones.self) { try $0.describeAvailabilityZones($1) }
        offer(EC2.DescribeVpcs.self) { try $0.describeVpcs($1) }
        offer(EC2.DescribeSubnets.self) { try $0.describeSubnets($1) }
        offer(EC2.DescribeSecurityGroups.self) { try $0.describeSecurityGroups($1) }
        offer(EC2.DescribeInstanceTypes.self) { try await $0.describeInstanceTypes($1) }
        offer(EC2.DescribeInstanceAttribute.self) { try await $0.describeInstanceAttribute($1) }
        offer(EC2.DescribeVolumes.self) { try await $0.describeVolumes($1) }
        offer(EC2.DescribeAddresses.self) { try $0.describeAddresses($1) }
        offer(EC2.DescribeAccountAttributes.self) { try $0.describeAccountAttributes($1) }
        // Their answers need more than their parameters.
        all[EC2.CreateKeyPair.operation] = { service, form, context in
            try await service.createKeyPair(try form.decode(EC2.CreateKeyPair.self), requestID: context.requestID)
        }
        all[EC2.DescribeRegions.operation] = { service, form, context in
            let host = context.request.headers.first(name: "Host") ?? "localhost"
            let answer = try service.describeRegions(try form.decode(EC2.DescribeRegions.self), host: host)
            let body = try QueryXML.answer(EC2.DescribeRegions.operation, answer, requestID: context.requestID)
            return OutgoingResponse(.ok, type: QueryHandler.contentType, body)
        }
        return all
    }()
}
