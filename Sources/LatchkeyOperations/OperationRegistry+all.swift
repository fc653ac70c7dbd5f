// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyStore
internal import Logging

extension OperationRegistry {
    /// Every operation that latchkeyd offers.
    init(_ setting: ServiceRouter.Setting, signers: KnownSigners, roles: AgentRoles, log: Logger) {
        let (store, relay, pool) = (setting.store, setting.relay, setting.pool)
        self.init()
        addEC2(
            EC2Service(
                store: store,
                agents: setting.agents,
                pool: pool,
                launcher: setting.launcher,
                surroundings: Surroundings(region: setting.region),
                log: log
            )
        )
        addSystemsManager(
            SystemsManager(
                store: store,
                node: setting.node,
                relay: relay,
                agents: setting.agents,
                pool: pool,
                events: setting.events,
                commands: setting.commands,
                maxDuration: setting.maxDuration
            )
        )
        addAgents(AgentService(store: store, signers: signers, roles: roles, relay: relay, pool: pool))
        addConsole(ConsoleService(sessions: setting.consoleSessions, relay: relay, pool: pool))
        add(SendSSHPublicKeyOperation(store: store, pool: pool))
        add(GetCallerIdentityOperation())
    }

    private mutating func addEC2(_ ec2: EC2Service) {
        add(CreateKeyPairOperation(ec2: ec2))
        add(ImportKeyPairOperation(ec2: ec2))
        add(DescribeKeyPairsOperation(ec2: ec2))
        add(DeleteKeyPairOperation(ec2: ec2))
        add(CreateTagsOperation(ec2: ec2))
        add(DeleteTagsOperation(ec2: ec2))
        add(DescribeTagsOperation(ec2: ec2))
        add(DescribeInstancesOperation(ec2: ec2))
        add(DescribeInstanceStatusOperation(ec2: ec2))
        add(DescribeInstanceAttributeOperation(ec2: ec2))
        add(RunInstancesOperation(ec2: ec2))
        add(StartInstancesOperation(ec2: ec2))
        add(StopInstancesOperation(ec2: ec2))
        add(RebootInstancesOperation(ec2: ec2))
        add(TerminateInstancesOperation(ec2: ec2))
        add(GetConsoleOutputOperation(ec2: ec2))
        add(GetPasswordDataOperation(ec2: ec2))
        add(DescribeImagesOperation(ec2: ec2))
        add(DescribeInstanceTypesOperation(ec2: ec2))
        add(DescribeVolumesOperation(ec2: ec2))
        add(DescribeRegionsOperation(ec2: ec2))
        add(DescribeAvailabilityZonesOperation(ec2: ec2))
        add(DescribeVpcsOperation(ec2: ec2))
        add(DescribeSubnetsOperation(ec2: ec2))
        add(DescribeSecurityGroupsOperation(ec2: ec2))
        add(DescribeAddressesOperation(ec2: ec2))
        add(DescribeAccountAttributesOperation(ec2: ec2))
    }

    private mutating func addSystemsManager(_ ssm: SystemsManager) {
        add(StartSessionOperation(ssm: ssm))
        add(ResumeSessionOperation(ssm: ssm))
        add(TerminateSessionOperation(ssm: ssm))
        add(DescribeSessionsOperation(ssm: ssm))
        add(GetConnectionStatusOperation(ssm: ssm))
        add(SendCommandOperation(ssm: ssm))
        add(CancelCommandOperation(ssm: ssm))
        add(ListCommandsOperation(ssm: ssm))
        add(ListCommandInvocationsOperation(ssm: ssm))
        add(GetCommandInvocationOperation(ssm: ssm))
        add(CreateActivationOperation(ssm: ssm))
        add(DescribeActivationsOperation(ssm: ssm))
        add(DeleteActivationOperation(ssm: ssm))
        add(DescribeInstanceInformationOperation(ssm: ssm))
        add(DeregisterManagedInstanceOperation(ssm: ssm))
        add(GetInventoryOperation(ssm: ssm))
        add(ListInventoryEntriesOperation(ssm: ssm))
        add(ListTagsForResourceOperation(ssm: ssm))
        add(AddTagsToResourceOperation(ssm: ssm))
        add(RemoveTagsFromResourceOperation(ssm: ssm))
        add(ListDocumentsOperation(ssm: ssm))
        add(DescribeDocumentOperation(ssm: ssm))
        add(GetDocumentOperation(ssm: ssm))
    }

    private mutating func addConsole(_ console: ConsoleService) {
        add(CreateConsoleSessionOperation(console: console))
        add(CreateConsoleLinkOperation(console: console))
        add(RedeemConsoleLinkOperation(console: console))
        add(DescribeConsoleSessionsOperation(console: console))
        add(DeleteConsoleSessionOperation(console: console))
    }

    private mutating func addAgents(_ agents: AgentService) {
        add(RegisterManagedInstanceOperation(agents: agents))
        add(RequestRoleTokenOperation(agents: agents))
        add(UpdateInstanceInformationOperation(agents: agents))
        add(ListPushedKeysOperation(agents: agents))
        add(GetMessagesOperation())
        for action in OperationRegistry.idle { add(RegisteredOperation(withoutAnswer: action, for: [.instance])) }
    }

    /// What official agents ask for besides (AWS: the policy AmazonSSMManagedInstanceCore): associations, inventory and the
    /// like, none of which there are. An agent that hears of nothing stays content.
    private static let idle: [Action] = [
        "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage",
        "ec2messages:GetEndpoint", "ec2messages:SendReply", "ssm:DescribeAssociation",
        "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetManifest", "ssm:GetParameter", "ssm:GetParameters",
        "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutComplianceItems",
        "ssm:PutConfigurePackageResult", "ssm:PutInventory", "ssm:UpdateAssociationStatus",
        "ssm:UpdateInstanceAssociationStatus",
    ]
}
