// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// SendCommand and what belongs to it, asked for by boto3 and by the aws CLI.
    struct RunCommand {
        /// `send(lines)` sends a script to the instance there, `wait(id)` gives what became of it.
        static let prelude = Script.text("run_command")

        @Test func `a script runs with its lines, folder, streams and status`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.python(
                    Self.prelude + """
                        done = wait(send('cd /usr', 'pwd; echo "$HOME" >/dev/null', 'echo err >&2', 'exit 7'))
                        print(done['Status'], done['StatusDetails'], done['ResponseCode'], done['PluginName'])
                        print(repr(done['StandardOutputContent']), repr(done['StandardErrorContent']))
                        assert done['ExecutionElapsedTime'].startswith('PT'), done
                        assert done['ExecutionStartDateTime'] <= done['ExecutionEndDateTime'], done
                        done = wait(send('pwd; cat; echo é', Parameters={'workingDirectory': ['/var']}))
                        print(done['Status'], done['ResponseCode'], repr(done['StandardOutputContent']))
                        done = wait(send('true', Parameters={'workingDirectory': ['/no/such']}))
                        print(done['Status'], done['ResponseCode'], done['StandardErrorContent'])
                        done = wait(send('yes | head -c 3000000; yes no | head -c 3000000 >&2'))
                        print(done['Status'], len(done['StandardOutputContent']), len(done['StandardErrorContent']))
                        done = wait(send('kill -9 $$'))
                        print(done['Status'], done['ResponseCode'])
                        """
                )
                #expect(
                    shown == #"""
                        Failed Failed 7 aws:runShellScript
                        '/usr\n' 'err\n'
                        Success 0 '/var\né\n'
                        Failed -1 there is no folder '/no/such'
                        Success 24000 24000
                        Failed 137
                        """#
                )
            }
        }

        @Test func `the aws CLI sends a script, waits for it and tells its output`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.shell(
                    """
                    target=$(aws ssm describe-instance-information --query 'InstanceInformationList[0].InstanceId')
                    id=$(aws ssm send-command --instance-ids "$target" --document-name AWS-RunShellScript \
                        --parameters 'commands=["echo out","echo err >&2"]' --comment 'by hand' \
                        --query Command.CommandId)
                    aws ssm wait command-executed --command-id "$id" --instance-id "$target"
                    aws ssm get-command-invocation --command-id "$id" --instance-id "$target" \
                        --query '[Status,ResponseCode,StandardOutputContent,StandardErrorContent,Comment]' --output json
                    aws ssm list-command-invocations --command-id "$id" --details \
                        --query 'CommandInvocations[].CommandPlugins[].Output'
                    aws ssm list-commands --query 'Commands[].[Status,TargetCount,CompletedCount,ErrorCount]'
                    """
                )
                let lines = shown.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                #expect(
                    lines == [
                        "[", #""Success","#, "0,", #""out\n","#, #""err\n","#, #""by hand""#, "]", "out",
                        "----------ERROR-------", "err", "Success\t1\t1\t0",
                    ]
                )
            }
        }

        @Test func `a script is ended by its time and by whoever asks for that, with all that it started`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.python(
                    Self.prelude + """
                        import subprocess
                        def lives(seconds): return subprocess.run(['pgrep', '-f', f'sleep {seconds}$'],
                            stdout=subprocess.DEVNULL).returncode == 0
                        done = wait(send('echo begun; sleep 70701', Parameters={'executionTimeout': ['1']}))
                        print(done['Status'], done['StatusDetails'], done['StandardOutputContent'].strip())
                        id = send('echo begun; sleep 70702')
                        while not lives(70702): time.sleep(0.1)
                        print(status(id)['Status'])
                        ssm.cancel_command(CommandId=id)
                        done = wait(id)
                        print(done['Status'], done['StatusDetails'], done['StandardOutputContent'].strip())
                        while lives(70701) or lives(70702): time.sleep(0.1)
                        # It says no more, and does no harm.
                        ssm.cancel_command(CommandId=id)
                        print(status(id)['Status'])
                        """
                )
                #expect(
                    shown == """
                        TimedOut ExecutionTimedOut begun
                        InProgress
                        Cancelled Cancelled begun
                        Cancelled
                        """
                )
            }
        }

        @Test func `a command waits for an agent that is away, and its end for a relay that is`() throws {
            try RelayTests.with { scratch, relay, agent in
                try agent.end(by: SIGTERM)
                let id = try relay.python(
                    Self.prelude + """
                        wait_here = 'until [ -e ' + sys.argv[2] + '/go ]; do sleep 0.05; done'
                        id = send(f'echo late; {wait_here}; echo done; touch {sys.argv[2]}/done', TimeoutSeconds=3600)
                        print(id)
                        assert status(id)['Status'] == 'Pending', status(id)
                        early = send('true', TimeoutSeconds=30)
                        ssm.cancel_command(CommandId=early)
                        assert status(early)['Status'] == 'Cancelled', status(early)
                        """,
                    scratch.path
                )
                try agent.start()
                #expect(
                    try relay.python(Self.prelude + "print(wait(sys.argv[2], 'InProgress')['StatusDetails'])", id)
                        == "InProgress"
                )
                try relay.end(by: SIGKILL)
                // The script ends while there is no relay to tell.
                try scratch.write("go", "")
                try TestRelay.wait(for: "the script to end") {
                    FileManager.default.fileExists(atPath: "\(scratch.path)/done")
                }
                try relay.start()
                #expect(
                    try relay.python(
                        Self.prelude + """
                            done = wait(sys.argv[2])
                            print(done['Status'], done['StandardOutputContent'].split())
                            """,
                        id
                    ) == "Success ['late', 'done']"
                )
            }
        }

        @Test func `targets are found by tag, and mistakes have AWS's codes`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.python(
                    Self.prelude + """
                        ssm.add_tags_to_resource(ResourceType='ManagedInstance', ResourceId=target,
                            Tags=[{'Key': 'role', 'Value': 'db'}])
                        def to(key, *values): return {'Targets': [{'Key': key, 'Values': list(values)}]}
                        def sent(**more):
                            request = {'DocumentName': 'AWS-RunShellScript', 'Parameters': {'commands': ['true']}, **more}
                            return ssm.send_command(**request)['Command']
                        print(sent(**to('tag:role', 'web', 'db'))['TargetCount'], sent(**to('tag:role', 'x'))['TargetCount'],
                            sent(**to('InstanceIds', target))['TargetCount'])
                        def refused(**more):
                            return code(ssm.send_command, **{'DocumentName': 'AWS-RunShellScript', 'InstanceIds': [target],
                                'Parameters': {'commands': ['true']}, **more})
                        print(refused(DocumentName='No-Such'), refused(DocumentName='AWS-StartSSHSession'))
                        print(refused(DocumentVersion='7'), refused(InstanceIds=['mi-0123456789abcdef0']))
                        print(refused(InstanceIds=[target, target]), refused(InstanceIds=[], **to('nothing', 'x')))
                        print(refused(InstanceIds=[]), refused(**to('tag:role', 'db')))
                        print(refused(Parameters={}), refused(Parameters={'commands': ['true'], 'x': ['1']}))
                        print(refused(Parameters={'commands': ['x' * 100000]}), refused(Comment='x' * 101))
                        print(refused(Parameters={'commands': ['true'], 'executionTimeout': ['0']}),
                            refused(MaxConcurrency='0%'), refused(OutputS3BucketName='bucket'))
                        print(code(ssm.get_command_invocation, CommandId='0' * 36, InstanceId=target),
                            code(ssm.cancel_command, CommandId='0' * 36))
                        """
                )
                #expect(
                    shown == """
                        1 0 1
                        InvalidDocument InvalidDocument
                        InvalidDocumentVersion InvalidInstanceId
                        DuplicateInstanceId InvalidTarget
                        ValidationException ValidationException
                        InvalidParameters InvalidParameters
                        InvalidParameters ValidationException
                        InvalidParameters ValidationException ValidationException
                        InvocationDoesNotExist InvalidCommandId
                        """
                )
            }
        }
    }

    /// Documents, tags and the end of a registration.
    struct Resources {
        @Test func `documents are listed, described and read`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.python(
                    """
                    import hashlib
                    ssm, names, token = client(), [], None
                    while True:
                        page = ssm.list_documents(MaxResults=4, **({'NextToken': token} if token else {}))
                        names += [(d['Name'], d['DocumentType']) for d in page['DocumentIdentifiers']]
                        token = page.get('NextToken')
                        if not token: break
                    assert names == sorted(names), names
                    print(*[name for name, kind in names if kind == 'Session'])
                    def listed(**filters):
                        return [d['Name'] for d in ssm.list_documents(Filters=[{'Key': key, 'Values': [value]}
                            for key, value in filters.items()])['DocumentIdentifiers']]
                    print(listed(DocumentType='Command'), listed(Owner='Self'), listed(Name='AWS-StartSSH'))
                    for name, kind in names:
                        answer = ssm.get_document(Name=name)
                        content = json.loads(answer['Content'])
                        told = ssm.describe_document(Name='arn:aws:ssm:local::document/' + name)['Document']
                        assert told['Hash'] == hashlib.sha256(answer['Content'].encode()).hexdigest(), told
                        assert {p['Name'] for p in told['Parameters']} == set(content['parameters']), told
                        assert content['schemaVersion'] == told['SchemaVersion'] and told['Status'] == 'Active'
                    print(code(ssm.get_document, Name='No-Such'), code(ssm.describe_document, Name='AWS-StartSSHSession',
                        DocumentVersion='2'), ssm.get_document(Name='AWS-StartSSHSession', DocumentFormat='YAML')['DocumentFormat'])
                    """
                )
                #expect(
                    shown == """
                        AWS-PasswordReset AWS-StartInteractiveCommand AWS-StartNonInteractiveCommand \
                        AWS-StartPortForwardingSession AWS-StartPortForwardingSessionToRemoteHost \
                        AWS-StartPortForwardingSessionToSocket AWS-StartSSHSession SSM-SessionManagerRunShell
                        ['AWS-RunShellScript'] [] ['AWS-StartSSHSession']
                        InvalidDocument InvalidDocumentVersion YAML
                        """
                )
            }
        }

        @Test func `every document for sessions that is listed can be started`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try relay.python(
                    """
                    ssm = client()
                    target = ssm.describe_instance_information()['InstanceInformationList'][0]['InstanceId']
                    for document in ssm.list_documents(Filters=[{'Key': 'DocumentType', 'Values': ['Session']}])[
                            'DocumentIdentifiers']:
                        content = json.loads(ssm.get_document(Name=document['Name'])['Content'])
                        values = {'portNumber': '9', 'localPortNumber': '0', 'localConnectionType': 'unix', 'host': 'localhost',
                            'localUnixSocket': '/tmp/x', 'command': 'true', 'separateOutputStream': 'true',
                            'stdOutSeparatorPrefix': 'o:', 'stdErrSeparatorPrefix': 'e:', 'username': 'nobody'}
                        given = {name: [values[name]] for name in content['parameters']}
                        session = ssm.start_session(Target=target, DocumentName=document['Name'], Parameters=given)
                        ssm.terminate_session(SessionId=session['SessionId'])
                    print(code(ssm.start_session, Target=target, DocumentName='AWS-StartPortForwardingSession',
                        Parameters={'localConnectionType': ['tcp']}), code(ssm.start_session, Target=target,
                        DocumentName='AWS-PasswordReset', Parameters={'username': ['-d root']}))
                    """
                )
                #expect(shown == "ValidationException ValidationException")
            }
        }

        @Test func `tags of a registered instance are set, listed and removed`() throws {
            try RelayTests.with { scratch, relay, _ in
                let shown = try relay.python(
                    """
                    ssm = client()
                    target = ssm.describe_instance_information()['InstanceInformationList'][0]['InstanceId']
                    def tags(kind='ManagedInstance', id=target):
                        found = ssm.list_tags_for_resource(ResourceType=kind, ResourceId=id)['TagList']
                        return {tag['Key']: tag['Value'] for tag in found}
                    def add(kind='ManagedInstance', id=target, **added):
                        return code(ssm.add_tags_to_resource, ResourceType=kind, ResourceId=id,
                            Tags=[{'Key': key, 'Value': value} for key, value in added.items()])
                    print(add(env='prod', role='db'), tags()['env'], tags()['role'])
                    ssm.remove_tags_from_resource(ResourceType='ManagedInstance', ResourceId=target, TagKeys=['env', 'none'])
                    print('env' in tags(), tags()['role'], tags('Document', 'AWS-StartSSHSession'))
                    print(add(id='mi-0123456789abcdef0', a='b'), add(kind='Parameter', a='b'),
                        add(kind='Document', id='AWS-StartSSHSession', a='b'), add(**{f'k{n}': '' for n in range(50)}))
                    """
                )
                #expect(
                    shown == """
                        accepted prod db
                        False db {}
                        InvalidResourceId InvalidResourceType AccessDeniedException TooManyTagsError
                        """
                )
            }
        }

        @Test func `an instance that is deregistered is gone, and its agent is let in no more`() throws {
            try RelayTests.with { scratch, relay, agent in
                let shown = try relay.python(
                    """
                    import time
                    ssm = client()
                    target = ssm.describe_instance_information()['InstanceInformationList'][0]['InstanceId']
                    print(code(ssm.deregister_managed_instance, InstanceId=target))
                    print(ssm.describe_instance_information()['InstanceInformationList'])
                    while ssm.get_connection_status(Target=target)['Status'] != 'notconnected': time.sleep(0.1)
                    print(code(ssm.start_session, Target=target), code(ssm.deregister_managed_instance, InstanceId=target))
                    """
                )
                #expect(shown == "accepted\n[]\nTargetNotConnected InvalidInstanceId")
            }
        }
    }
}
