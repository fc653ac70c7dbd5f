// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// The operations, asked for by boto3, which holds every answer to Amazon's own description of it.
    struct Service {
        @Test func `sessions are started, listed, resumed and ended, and mistakes have AWS's codes`() throws {
            try RelayTests.with { _, relay, agent in
                let answer = try relay.python(
                    """
                    ssm, target = client(), sys.argv[2]
                    assert code(ssm.start_session, Target='i-0123456789abcdef0') == 'TargetNotConnected'
                    assert code(ssm.start_session, Target=target, DocumentName='No-Such') == 'InvalidDocument'
                    def start(name, **parameters):
                        values = {key: value if type(value) is list else [value] for key, value in parameters.items()}
                        return code(ssm.start_session, Target=target, DocumentName=name, Parameters=values)
                    assert start('AWS-StartInteractiveCommand') == 'InvalidParameters'
                    assert start('AWS-StartInteractiveCommand', command='id', other='1') == 'InvalidParameters'
                    assert start('AWS-StartSSHSession', portNumber='70000') == 'ValidationException'
                    assert start('AWS-StartSSHSession', portNumber=['1', '2']) == 'ValidationException'
                    assert start('AWS-StartPortForwardingSessionToRemoteHost', portNumber='22') == 'InvalidParameters'
                    assert start('Latchkey-Connect', user='no such user') == 'ValidationException'
                    assert code(ssm.start_session, Target=target, Reason='x' * 257) == 'ValidationException'
                    assert ssm.describe_sessions(State='Active')['Sessions'] == []
                    assert ssm.describe_sessions(State='History')['Sessions'] == []

                    begun = [ssm.start_session(Target=target, Reason=f'number {n}') for n in range(5)]
                    for answer in begun:
                        assert answer['TokenValue'] and answer['StreamUrl'].startswith('wss://127.0.0.1:'), answer
                    assert len({answer['SessionId'] for answer in begun}) == 5
                    assert len({answer['TokenValue'] for answer in begun}) == 5
                    listed = ssm.describe_sessions(State='Active')['Sessions']
                    assert [s['SessionId'] for s in listed] == [a['SessionId'] for a in reversed(begun)], listed
                    newest = listed[0]
                    assert newest['Target'] == target and newest['Reason'] == 'number 4', newest
                    assert newest['DocumentName'] == 'SSM-SessionManagerRunShell', newest
                    assert newest['Owner'].startswith('arn:aws:iam::'), newest
                    assert newest['Status'] in ('Connecting', 'Connected'), newest

                    pages, token = [], None
                    while True:
                        more = {'NextToken': token} if token else {}
                        page = ssm.describe_sessions(State='Active', MaxResults=2, **more)
                        pages.append([s['SessionId'] for s in page['Sessions']])
                        token = page.get('NextToken')
                        if not token: break
                    assert [len(page) for page in pages] == [2, 2, 1], pages
                    assert sum(pages, []) == [s['SessionId'] for s in listed]

                    def found(**filters):
                        wanted = [{'key': key, 'value': value} for key, value in filters.items()]
                        return len(ssm.describe_sessions(State='Active', Filters=wanted)['Sessions'])
                    assert found(Target=target) == 5 and found(Target='mi-0123456789abcdef0') == 0
                    assert found(SessionId=begun[1]['SessionId']) == 1
                    assert found(Owner=newest['Owner']) == 5 and found(Owner='arn:aws:iam::0:user/x') == 0
                    assert found(InvokedAfter='2020-01-01T00:00:00Z') == 5
                    assert found(InvokedBefore='2020-01-01T00:00:00Z') == 0
                    assert found(Status='Terminated') == 0
                    def refused(**arguments): return code(ssm.describe_sessions, State='Active', **arguments)
                    assert refused(Filters=[{'key': 'Status', 'value': 'Odd'}]) == 'InvalidFilterKey'
                    assert refused(NextToken='nonsense') == 'InvalidNextToken'

                    resumed = ssm.resume_session(SessionId=begun[0]['SessionId'])
                    assert resumed['SessionId'] == begun[0]['SessionId']
                    assert resumed['TokenValue'] not in ('', begun[0]['TokenValue'])
                    for answer in begun:
                        assert ssm.terminate_session(SessionId=answer['SessionId'])['SessionId'] == answer['SessionId']
                    again = ssm.terminate_session(SessionId=begun[0]['SessionId'])
                    assert again['SessionId'] == begun[0]['SessionId']
                    over = ssm.resume_session(SessionId=begun[0]['SessionId'])
                    assert 'TokenValue' not in over, over
                    for call in [ssm.resume_session, ssm.terminate_session]:
                        assert code(call, SessionId='nobody-0123456789abcdef0') == 'DoesNotExistException'
                    print('good')
                    """,
                    agent.instanceID
                )
                #expect(answer == "good")
                try RelayTests.wait(for: "Terminated", relay, of: agent)
                #expect(try RelayTests.status(relay, of: agent) == Array(repeating: "Terminated", count: 5))
                #expect(
                    try relay.python(
                        """
                        for session in client().describe_sessions(State='History')['Sessions']:
                            assert session['EndDate'] >= session['StartDate'], session
                            assert session['Details'] == 'the session was terminated', session
                        print('good')
                        """
                    ) == "good"
                )
            }
        }

        /// As the unit in systemd/ and the container of Docker/compose.yaml have it.
        @Test func `a server without the rights of root serves`() throws {
            try Scratch.with { scratch in
                let plain = geteuid() == 0 ? ["setpriv", "--bounding-set=-all"] : []
                let isHealthy = try TestRelay.with(scratch, through: plain) { try $0.isHealthy() }
                #expect(isHealthy)
            }
        }

        @Test func `instances and activations are described`() throws {
            try RelayTests.with { _, relay, agent in
                let answer = try relay.python(
                    """
                    ssm, target = client(), sys.argv[2]
                    assert ssm.get_connection_status(Target=target)['Status'] == 'connected'
                    assert ssm.get_connection_status(Target='i-0123456789abcdef0')['Status'] == 'notconnected'
                    [known] = ssm.describe_instance_information()['InstanceInformationList']
                    assert known['InstanceId'] == target and known['PingStatus'] == 'Online', known
                    assert known['PlatformType'] == 'Linux' and known['ComputerName'] and known['AgentVersion'], known
                    def found(key, *values):
                        filters = [{'Key': key, 'Values': list(values)}]
                        return len(ssm.describe_instance_information(Filters=filters)['InstanceInformationList'])
                    assert found('InstanceIds', target) == 1 and found('InstanceIds', 'mi-0123456789abcdef0') == 0
                    assert found('PingStatus', 'Online') == 1 and found('PingStatus', 'ConnectionLost') == 0
                    assert found('ResourceType', 'ManagedInstance') == 1 and found('ResourceType', 'EC2Instance') == 0
                    assert found('PlatformTypes', 'Linux') == 1 and found('PlatformTypes', 'Windows') == 0
                    assert found('ActivationIds', known['ActivationId']) == 1

                    [used] = ssm.describe_activations()['ActivationList']
                    assert used['RegistrationsCount'] == 1 and used['DefaultInstanceName'] == 'web-1', used
                    made = ssm.create_activation(IamRole='any', Description='two', RegistrationLimit=2,
                        DefaultInstanceName='db-1', Tags=[{'Key': 'tier', 'Value': 'data'}])
                    assert len(made['ActivationCode']) >= 20 and len(made['ActivationId']) == 36, made
                    listed = ssm.describe_activations()['ActivationList']
                    [fresh] = [a for a in listed if a['ActivationId'] == made['ActivationId']]
                    assert fresh['RegistrationLimit'] == 2 and fresh['RegistrationsCount'] == 0, fresh
                    assert fresh['Expired'] is False and fresh['Tags'] == [{'Key': 'tier', 'Value': 'data'}], fresh
                    assert made['ActivationCode'] not in str(listed)
                    one = ssm.describe_activations(MaxResults=1)
                    two = ssm.describe_activations(MaxResults=1, NextToken=one['NextToken'])
                    assert len(one['ActivationList']) == len(two['ActivationList']) == 1 and 'NextToken' not in two
                    assert one['ActivationList'] != two['ActivationList']
                    ids = [{'FilterKey': 'ActivationIds', 'FilterValues': [made['ActivationId']]}]
                    assert len(ssm.describe_activations(Filters=ids)['ActivationList']) == 1
                    assert code(ssm.describe_activations, NextToken='x') == 'InvalidNextToken'
                    assert code(ssm.create_activation, IamRole='any', RegistrationLimit=1001) == 'ValidationException'
                    assert code(ssm.create_activation, IamRole='any', ExpirationDate=0) == 'ValidationException'
                    assert ssm.delete_activation(ActivationId=made['ActivationId']) is not None
                    assert len(ssm.describe_activations()['ActivationList']) == 1
                    print(code(ssm.delete_activation, ActivationId=made['ActivationId']),
                          code(ssm.list_associations), code(ssm.describe_instance_information,
                          Filters=[{'Key': 'Odd', 'Values': ['x']}]))
                    """,
                    agent.instanceID
                )
                #expect(answer == "InvalidActivation UnknownOperationException InvalidFilterKey")
                try agent.end(by: 9)
                try TestRelay.wait(for: "the relay to notice") {
                    try relay.python(
                        """
                        ssm = client()
                        print(ssm.get_connection_status(Target=sys.argv[2])['Status'],
                            ssm.describe_instance_information()['InstanceInformationList'][0]['PingStatus'])
                        """,
                        agent.instanceID
                    ) == "notconnected ConnectionLost"
                }
            }
        }
    }
}
