// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Tells the limits of the one account.
struct DescribeAccountAttributesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeAccountAttributes"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeAccountAttributes, in context: OperationContext) async throws
        -> EC2.DescribeAccountAttributes.Response
    {
        let all = [
            EC2.AccountAttribute("default-vpc", surroundings.vpcID),
            EC2.AccountAttribute("max-elastic-ips", "0"),
            EC2.AccountAttribute("max-instances", String(EC2Service.launchLimit)),
            EC2.AccountAttribute("supported-platforms", "VPC"),
            EC2.AccountAttribute("vpc-max-elastic-ips", "0"),
            EC2.AccountAttribute("vpc-max-security-groups-per-interface", "1"),
        ]
        let names = request.attributeName ?? []
        if let other = names.first(where: { name in !all.contains { $0.attributeName == name } }) {
            throw ServiceError.invalidParameter(
                "Value (\(other.cut(to: .quotation).terminalSafe)) for parameter attributeName is invalid. "
                    + "It can be \(all.map(\.attributeName).joined(separator: ", "))"
            )
        }
        try ec2.checkDryRun(request)
        return EC2.DescribeAccountAttributes.Response(
            accountAttributeSet: all.filter { names.isEmpty || names.contains($0.attributeName) }
        )
    }
}
