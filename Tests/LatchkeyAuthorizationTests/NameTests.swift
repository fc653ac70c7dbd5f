// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyAuthorization

/// What actions, principals and resources are called.
struct NameTests {
    @Test func `an action is a service and an operation`() {
        let action: Action = "ec2-instance-connect:SendSSHPublicKey"
        #expect(action.service == "ec2-instance-connect" && action.name == "SendSSHPublicKey")
        #expect("\(action)" == "ec2-instance-connect:SendSSHPublicKey")
        #expect(action == Action(service: "ec2-instance-connect", name: "SendSSHPublicKey"))
    }

    @Test(
        arguments: [
            ("ec2:DescribeInstances", true), ("ssm:GetDocument", true), ("ssm:ListCommands", true),
            ("ec2:RunInstances", false), ("ssm:ResumeSession", false), ("ec2:CreateTags", false),
        ] as [(Action, Bool)]
    ) func `what only reads is told by its name`(action: Action, isReadOnly: Bool) {
        #expect(action.isReadOnly == isReadOnly)
    }

    @Test(
        arguments: [
            (.instance("i-1"), "arn:aws:ec2:eu-1:000000000000:instance/i-1"),
            (.instance("mi-1"), "arn:aws:ssm:eu-1:000000000000:managed-instance/mi-1"),
            (.keyPair("web"), "arn:aws:ec2:eu-1:000000000000:key-pair/web"),
            (.document("AWS-RunShellScript"), "arn:aws:ssm:eu-1:000000000000:document/AWS-RunShellScript"),
            (.session("ann-1", owner: "o", target: "i-1"), "arn:aws:ssm:eu-1:000000000000:session/ann-1"),
        ] as [(Resource, String)]
    ) func `a resource has an ARN in the shape of AWS`(resource: Resource, arn: String) {
        #expect(resource.arn(region: "eu-1") == arn)
    }

    @Test func `an id of EC2's tells what it is of`() {
        #expect(Resource(ec2ID: "i-1") == .instance("i-1"))
        #expect(Resource(ec2ID: "key-1") == .keyPair("key-1"))
        #expect(Resource(ec2ID: "vol-1") == .volume("vol-1"))
        #expect(Resource(ec2ID: "rtb-1") == nil && Resource(ec2ID: "") == nil)
    }

    @Test func `a user's ARN tells the name, and no other one does`() {
        let ann = Principal.user(name: "ann", accessKeyID: "AKIA1", isAdmin: false)
        #expect(ann.arn.flatMap(Principal.userName(inARN:)) == "ann")
        #expect(Principal.instance("i-1").arn.flatMap(Principal.userName(inARN:)) == nil)
        #expect(Principal.anonymous.arn == nil)
    }
}
