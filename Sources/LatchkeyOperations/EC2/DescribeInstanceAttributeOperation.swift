// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Tells one attribute of an instance.
struct DescribeInstanceAttributeOperation: EC2Operation {
    static let action: Action = "ec2:DescribeInstanceAttribute"

    let ec2: EC2Service

    func resources(of request: EC2.DescribeInstanceAttribute) -> [Resource] {
        [.instance(request.instanceId)]
    }

    func execute(_ request: EC2.DescribeInstanceAttribute, in context: OperationContext) async throws
        -> EC2.DescribeInstanceAttribute.Response
    {
        let ids = try EC2Service.instanceIDs([request.instanceId])
        guard
            let instance = try await pool.run({ try store.describeInstances(withIDs: ids).first })
        else { throw ServiceError.instancesNotFound(ids) }
        let record = ec2.record(instance)
        typealias Response = EC2.DescribeInstanceAttribute.Response
        var response = Response(instanceId: instance.id)
        switch request.attribute {
        case "blockDeviceMapping": response.blockDeviceMapping = record.blockDeviceMapping
        case "disableApiStop": response.disableApiStop = Response.Flag(false)
        case "disableApiTermination": response.disableApiTermination = Response.Flag(false)
        case "ebsOptimized": response.ebsOptimized = Response.Flag(record.ebsOptimized)
        case "enaSupport": response.enaSupport = Response.Flag(record.enaSupport)
        case "enclaveOptions": response.enclaveOptions = record.enclaveOptions
        case "groupSet": response.groupSet = record.groupSet
        case "instanceInitiatedShutdownBehavior":
            response.instanceInitiatedShutdownBehavior = Response.Text("stop")
        case "instanceType": response.instanceType = Response.Text(record.instanceType)
        case "kernel": response.kernel = Response.Text(nil)
        case "productCodes": response.productCodes = []
        case "ramdisk": response.ramdisk = Response.Text(nil)
        case "rootDeviceName": response.rootDeviceName = Response.Text(record.rootDeviceName)
        case "sourceDestCheck": response.sourceDestCheck = Response.Flag(record.sourceDestCheck ?? true)
        case "sriovNetSupport": response.sriovNetSupport = Response.Text(nil)
        case "userData":
            let data = try await pool.run { try store.userData(of: instance.id) }
            response.userData = Response.Text(data.map { Data($0).base64EncodedString() })
        default:
            throw ServiceError.invalidParameter(
                "Value (\(request.attribute.cut(to: .quotation).terminalSafe)) for parameter attribute is invalid. "
                    + "Unknown attribute."
            )
        }
        try ec2.checkDryRun(request)
        return response
    }
}
