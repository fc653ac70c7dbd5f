// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// EC2's lists of instances and tags, without a container engine.
    struct EC2Instances {
        /// Twelve instances that were added, of which one does not run.
        private static func fill(_ scratch: Scratch) throws -> [String] {
            let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
            return try (0..<12)
                .map { index in
                    let instance = Instance(
                        id: "i-0000000000000000" + String(index, radix: 16),
                        tags: ["Name": "web-\(index)", "env": index < 4 ? "prod" : "test <&>"],
                        state: index == 3 ? .stopped : .running,
                        addresses: ["10.0.0.\(index)", "203.0.113.\(index)", "web-\(index).example"],
                        keyName: index == 0 ? "first" : "web",
                        created: Date()
                    )
                    try store.add(instance)
                    return instance.id
                }
        }

        @Test func `instances are listed, filtered and paged`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let ids = try Self.fill(scratch)
                    let answer = try relay.python(
                        EC2KeyPairs.prelude + """
                            ids = sys.argv[2:]
                            def instances(**more):
                                found = ec2.describe_instances(**more)['Reservations']
                                return [i for r in found for i in r['Instances']]
                            def found(**values): return [i['InstanceId'] for i in instances(Filters=filters(**values))]
                            assert [i['InstanceId'] for i in instances()] == ids
                            [one] = instances(InstanceIds=[ids[3]])
                            assert one['State'] == {'Code': 80, 'Name': 'stopped'} and one['KeyName'] == 'web', one
                            assert one['PrivateIpAddress'] == '10.0.0.3' and one['LaunchTime'].year >= 2026, one
                            assert 'PublicIpAddress' not in one and one['PublicDnsName'] == '', one
                            [two] = instances(InstanceIds=[ids[2]])
                            assert two['PublicIpAddress'] == '203.0.113.2' and two['PublicDnsName'] == 'web-2.example', two
                            assert {t['Key']: t['Value'] for t in one['Tags']} == {'Name': 'web-3', 'env': 'prod'}, one
                            assert one['Placement']['AvailabilityZone'] == 'locala', one
                            assert found(tag__Name='web-1?') == ids[10:] and found(tag__Name='web-1') == [ids[1]]
                            assert found(tag__env='prod', instance_state_name='running') == ids[:3]
                            assert found(instance_state_code='80') == [ids[3]] and found(instance_state_code='16 ') == []
                            assert found(key_name=['f*']) == [ids[0]] and found(owner_id='000000000000') == ids
                            assert found(owner_id='1*') == [] == found(vpc_id='vpc-1') == found(image_id='*')
                            assert found(private_ip_address='10.0.0.1?') == ids[10:]
                            assert found(ip_address='203.0.113.5') == [ids[5]] == found(dns_name='web-5.*')
                            assert found(reservation_id='r-' + ids[4][2:]) == [ids[4]]
                            pages = list(ec2.get_paginator('describe_instances').paginate(
                                PaginationConfig={'PageSize': 5}))
                            got = [[i['InstanceId'] for r in p['Reservations'] for i in r['Instances']] for p in pages]
                            assert got == [ids[:5], ids[5:10], ids[10:]], got
                            def refused(**more): return code(ec2.describe_instances, **more)
                            assert refused(MaxResults=4) == 'InvalidParameterValue' == refused(MaxResults=1001)
                            assert refused(MaxResults=5, InstanceIds=ids) == 'InvalidParameterCombination'
                            assert refused(NextToken='nonsense') == 'InvalidNextToken'
                            assert refused(InstanceIds=[ids[0], 'i-0123456789abcdef0']) == 'InvalidInstanceID.NotFound'
                            for bad in ['x', 'i-', 'i-XYZ', 'mi-0123456789abcdef0', '']:
                                assert refused(InstanceIds=[bad]) == 'InvalidInstanceID.Malformed', bad
                            assert refused(Filters=filters(odd='x')) == 'InvalidParameterValue'
                            assert refused(Filters=[{'Name': 'key-name', 'Values': []}]) == 'InvalidParameterValue'
                            assert refused(Filters=filters(key_name=['x'] * 201)) == 'FilterLimitExceeded'
                            assert refused(DryRun=True) == 'DryRunOperation'

                            statuses = ec2.describe_instance_status()['InstanceStatuses']
                            assert len(statuses) == 11 and all(s['InstanceState']['Code'] == 16 for s in statuses)
                            assert statuses[0]['InstanceStatus']['Status'] == 'insufficient-data', statuses[0]
                            every = ec2.describe_instance_status(IncludeAllInstances=True,
                                Filters=filters(instance_state_name='stopped'))['InstanceStatuses']
                            assert [s['InstanceStatus']['Status'] for s in every] == ['not-applicable'], every
                            none = ec2.describe_instance_status(Filters=[{'Name': 'instance-status.status', 'Values': ['ok']}])
                            assert none['InstanceStatuses'] == []
                            token = ec2.describe_instance_status(MaxResults=5)['NextToken']
                            assert len(ec2.describe_instance_status(MaxResults=1000, NextToken=token)['InstanceStatuses']) == 6
                            password = ec2.get_password_data(InstanceId=ids[0])
                            assert password['PasswordData'] == '' and password['InstanceId'] == ids[0]
                            print('good')
                            """,
                        ids
                    )
                    #expect(answer == "good")
                }
            }
        }

        @Test func `tags are set, listed and taken away`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let ids = try Self.fill(scratch)
                    let answer = try relay.python(
                        EC2KeyPairs.prelude + """
                            ids = sys.argv[2:]
                            key = ec2.create_key_pair(KeyName='k', KeyType='ed25519')['KeyPairId']
                            def pairs(**values): return [{'Key': k, 'Value': v} for k, v in values.items()]
                            def listed(**values):
                                found = ec2.describe_tags(Filters=filters(**values))['Tags']
                                return [(t['ResourceId'], t['ResourceType'], t['Key'], t['Value']) for t in found]
                            ec2.create_tags(Resources=[ids[0], key], Tags=pairs(team='a <&>\\'"', empty=''))
                            assert listed(key='team') == [(ids[0], 'instance', 'team', 'a <&>\\'"'),
                                (key, 'key-pair', 'team', 'a <&>\\'"')], listed(key='team')
                            assert listed(resource_type='key-pair', tag__empty='') == [(key, 'key-pair', 'empty', '')]
                            assert len(listed(resource_id=ids[0])) == 4 and listed(value='web-1')[0][0] == ids[1]
                            ec2.create_tags(Resources=[ids[0]], Tags=pairs(team='b'))
                            assert listed(resource_id=ids[0], key='team')[0][3] == 'b'
                            ec2.delete_tags(Resources=[ids[0], key], Tags=pairs(team='b') + [{'Key': 'empty'}])
                            assert [t[0] for t in listed(key=['team', 'empty'])] == [key], listed(key=['team', 'empty'])
                            ec2.delete_tags(Resources=[key])
                            assert listed(resource_id=key) == []
                            token, seen = None, []
                            while True:
                                page = ec2.describe_tags(MaxResults=5, **({'NextToken': token} if token else {}))
                                seen += [(t['ResourceId'], t['Key']) for t in page['Tags']]
                                token = page.get('NextToken')
                                if not token: break
                            assert len(seen) == len(set(seen)) == 24 and seen == sorted(seen), seen
                            def refused(resource, **more):
                                return code(ec2.create_tags, **{'Resources': [resource], 'Tags': pairs(a='b')} | more)
                            assert refused('i-0123456789abcdef0') == 'InvalidInstanceID.NotFound'
                            assert refused('key-0123456789abcdef0') == 'InvalidKeyPair.NotFound'
                            assert refused('vol-1') == 'InvalidID' == refused('mi-0123456789abcdef0')
                            assert refused(ids[0], Tags=pairs(**{'aws:x': 'y'})) == 'InvalidParameterValue'
                            assert refused(ids[0], Tags=pairs(a='b') * 2) == 'InvalidParameterValue'
                            assert refused(ids[0], Tags=pairs(a='x' * 300)) == 'InvalidParameterValue'
                            assert refused(ids[0], Tags=pairs(a='\\x01')) == 'InvalidParameterValue'
                            assert refused(ids[0], Tags=pairs(**{f'k{n}': '' for n in range(49)})) == 'TagLimitExceeded'
                            assert refused(ids[0], DryRun=True) == 'DryRunOperation'
                            assert code(ec2.create_tags, Resources=[ids[1], 'i-0123456789abcdef0'], Tags=pairs(z='z')
                                ) == 'InvalidInstanceID.NotFound' and listed(key='z') == []
                            assert code(ec2.delete_tags, Resources=['i-0123456789abcdef0']) == 'InvalidInstanceID.NotFound'
                            assert code(ec2.describe_tags, NextToken='x') == 'InvalidNextToken'
                            print('good')
                            """,
                        ids
                    )
                    #expect(answer == "good")
                }
            }
        }

        @Test func `without an engine nothing is launched or controlled, and that is said`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let ids = try Self.fill(scratch)
                    let answer = try relay.python(
                        EC2KeyPairs.prelude + """
                            ids = sys.argv[2:]
                            what = {'ImageId': 'ami-1', 'MinCount': 1, 'MaxCount': 1}
                            assert code(ec2.run_instances, **what) == 'UnsupportedOperation'
                            assert code(ec2.describe_images) == 'UnsupportedOperation'
                            for call in [ec2.start_instances, ec2.stop_instances, ec2.reboot_instances,
                                    ec2.terminate_instances]:
                                assert code(call, InstanceIds=ids) == 'UnsupportedOperation', call
                                assert code(call, InstanceIds=['i-0123456789abcdef0']) == 'InvalidInstanceID.NotFound'
                                assert code(call, InstanceIds=['i-x']) == 'InvalidInstanceID.Malformed'
                                assert code(call, InstanceIds=[]) == 'InvalidParameterCombination'
                            # It has no console, and its host keys are not attested.
                            assert 'Output' not in ec2.get_console_output(InstanceId=ids[0])
                            def refused(**more): return code(ec2.run_instances, **what | more)
                            assert refused(MinCount=0) == 'InvalidParameterValue' == refused(UserData='x' * 17000)
                            assert refused(MinCount=2) == 'InvalidParameterCombination'
                            assert refused(MaxCount=101, MinCount=101) == 'InstanceLimitExceeded'
                            assert refused(MaxCount=101) == 'UnsupportedOperation'
                            assert refused(KeyName='none') == 'InvalidKeyPair.NotFound'
                            assert refused(ImageId='img') == 'InvalidAMIID.Malformed'
                            assert refused(SecurityGroupIds=['sg-1']) == 'InvalidGroup.NotFound'
                            assert refused(ClientToken='x' * 65) == 'InvalidParameterValue'
                            assert refused(InstanceInitiatedShutdownBehavior='terminate') == 'UnsupportedOperation'
                            assert refused(TagSpecifications=tags('image', a='b')) == 'InvalidParameterValue'
                            [region] = ec2.describe_regions()['Regions']
                            assert region['RegionName'] == 'local' and region['Endpoint'].startswith('127.0.0.1:'), region
                            assert ec2.describe_regions(Filters=filters(region_name='eu-*'))['Regions'] == []
                            assert code(ec2.describe_regions, RegionNames=['eu-west-1']) == 'InvalidParameterValue'
                            print('good')
                            """,
                        ids
                    )
                    #expect(answer == "good")
                }
            }
        }

        @Test func `a key is pushed for one instance and one user, for a minute`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let ids = try Self.fill(scratch)
                    let answer = try relay.python(
                        """
                        import subprocess
                        ids = sys.argv[2:]
                        connect = client(service='ec2-instance-connect')
                        def make(*options):
                            name = HOME + '/../pushed' + ''.join(options)
                            subprocess.run(['ssh-keygen', '-q', '-N', '', '-f', name, *options], check=True)
                            return open(name + '.pub').read()
                        ed, rsa = make('-t', 'ed25519'), make('-t', 'rsa', '-b', '2048')
                        for user, key in [('admin', ed), ('admin', rsa), ('root', ed), ('admin', ed)]:
                            sent = connect.send_ssh_public_key(InstanceId=ids[0], InstanceOSUser=user, SSHPublicKey=key)
                            assert sent['Success'] is True and sent['RequestId'], sent
                        def refused(**more):
                            what = {'InstanceId': ids[0], 'InstanceOSUser': 'admin', 'SSHPublicKey': ed} | more
                            return code(connect.send_ssh_public_key, **what)
                        assert refused(InstanceId='i-0123456789abcdef0') == 'EC2InstanceNotFoundException'
                        # Machines that registered themselves have an agent, too, that sshd can ask.
                        assert refused(InstanceId='mi-0123456789abcdef0') == 'EC2InstanceNotFoundException'
                        assert refused(InstanceId=ids[3]) == 'EC2InstanceStateInvalidException'
                        for bad in ['i-XXXXXXXXXX', 'web-1-web-1']:
                            assert refused(InstanceId=bad) == 'InvalidArgsException', bad
                        for bad in ['-x', 'a b', 'a/b', '7', 'a;b', 'ü', '.x']:
                            assert refused(InstanceOSUser=bad) == 'InvalidArgsException', bad
                        for good in ['a', '_x', 'a.b@c-d', 'ec2-user', '1a', 'svc$', '12_3']:
                            assert refused(InstanceOSUser=good) == 'accepted', good
                        for bad in ['x' * 80, ed.strip() + '\\n' + ed, 'command="x" ' + ed, ed.replace('AAAA', 'AAAB', 1)]:
                            assert refused(SSHPublicKey=bad) == 'InvalidArgsException', bad
                        print('good')
                        """,
                        ids
                    )
                    #expect(answer == "good")
                    let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
                    let now = Date()
                    #expect(try store.pushedKeys(of: ids[0], user: "admin", at: now).count == 2)
                    #expect(try store.pushedKeys(of: ids[0], user: "root", at: now).count == 1)
                    #expect(try store.pushedKeys(of: ids[1], user: "admin", at: now).isEmpty)
                    #expect(try store.pushedKeys(of: ids[0], user: "admin", at: now.addingTimeInterval(61)).isEmpty)
                }
            }
        }
    }
}
