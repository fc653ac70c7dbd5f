// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// EC2's and STS's operations, as boto3 asks for them, whose own validation must accept every answer.
    struct EC2 {
        private static let prelude = #"""
            import base64, subprocess, urllib.request
            def service(name, key=None, secret=None, token=None):
                return boto3.client(name, endpoint_url=SERVER['endpoint'], region_name=SERVER['region'],
                    verify=SERVER['authorities'], aws_access_key_id=key or SERVER['accessKeyID'],
                    aws_secret_access_key=secret or SERVER['secretAccessKey'], aws_session_token=token,
                    config=Config(retries={'max_attempts': 1}))
            ec2 = service('ec2')
            def run(*words, input=None): return subprocess.run(words, input=input, capture_output=True, check=True).stdout
            folder = sys.argv[2] if len(sys.argv) > 2 else None
            def write(name, text):
                path = f'{folder}/{name}'
                with open(path, 'w', opener=lambda p, f: os.open(p, f, 0o600)) as file: file.write(text)
                return path

            """#

        private func run(_ script: String, prepare: (Scratch) throws -> Void = { _ in }) throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    try prepare(scratch)
                    let answer = try relay.python(Self.prelude + script + "\nprint('good')", scratch.path)
                    #expect(answer == "good")
                }
            }
        }

        @Test func `key pairs are made, imported, listed and forgotten as EC2 does it`() throws {
            try run(
                #"""
                made = ec2.create_key_pair(KeyName='made', TagSpecifications=[{'ResourceType': 'key-pair',
                    'Tags': [{'Key': 'env', 'Value': 'a & <b> "c"'}, {'Key': 'empty', 'Value': ''}]}])
                assert made['KeyMaterial'].startswith('-----BEGIN RSA PRIVATE KEY-----'), made['KeyMaterial'][:40]
                assert made['Tags'] == [{'Key': 'empty', 'Value': ''}, {'Key': 'env', 'Value': 'a & <b> "c"'}]
                path = write('made.pem', made['KeyMaterial'])
                der = run('openssl', 'pkcs8', '-topk8', '-nocrypt', '-outform', 'DER', '-in', path)
                digest = run('openssl', 'sha1', '-c', input=der).decode().split()[-1]
                assert made['KeyFingerprint'] == digest and len(digest) == 59, (made['KeyFingerprint'], digest)
                public = run('ssh-keygen', '-y', '-f', path).decode().split()[:2]

                edwards = ec2.create_key_pair(KeyName='edwards', KeyType='ed25519')
                assert 'BEGIN OPENSSH PRIVATE KEY' in edwards['KeyMaterial']
                told = run('ssh-keygen', '-lf', write('edwards.pem', edwards['KeyMaterial'])).decode().split()[1]
                assert 'SHA256:' + edwards['KeyFingerprint'].rstrip('=') == told and edwards['KeyFingerprint'].endswith('=')
                putty = ec2.create_key_pair(KeyName='putty', KeyFormat='ppk')
                assert putty['KeyMaterial'].startswith('PuTTY-User-Key-File-')

                run('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', folder + '/own')
                line = open(folder + '/own.pub').read()
                own = ec2.import_key_pair(KeyName='own', PublicKeyMaterial=line)
                der = run('openssl', 'rsa', '-pubin', '-outform', 'DER',
                    input=run('ssh-keygen', '-e', '-m', 'PKCS8', '-f', folder + '/own.pub'))
                assert own['KeyFingerprint'] == run('openssl', 'md5', '-c', input=der).decode().split()[-1]

                listed = ec2.describe_key_pairs(IncludePublicKey=True)['KeyPairs']
                assert [pair['KeyName'] for pair in listed] == ['edwards', 'made', 'own', 'putty']
                assert listed[1]['PublicKey'].split()[:2] == public and listed[1]['KeyType'] == 'rsa'
                assert 'PublicKey' not in ec2.describe_key_pairs()['KeyPairs'][0]
                def names(**filters):
                    filters = [{'Name': name.replace('_', '-').replace('tag-', 'tag:'), 'Values': values} for name, values in filters.items()]
                    return [pair['KeyName'] for pair in ec2.describe_key_pairs(Filters=filters)['KeyPairs']]
                assert names(key_name=['m*', 'own']) == ['made', 'own']
                assert names(fingerprint=[own['KeyFingerprint']]) == ['own']
                assert names(key_pair_id=[made['KeyPairId']]) == ['made']
                assert names(tag_env=['a & *']) == ['made'] and names(tag_env=['b']) == []
                assert names(key_name=['???']) == ['own'] and names(key_name=['m\\*']) == []
                by_key = ec2.describe_key_pairs(Filters=[{'Name': 'tag-key', 'Values': ['emp*']}])['KeyPairs']
                assert [pair['KeyName'] for pair in by_key] == ['made']
                assert len(ec2.describe_key_pairs(KeyNames=['own'], KeyPairIds=[made['KeyPairId']])['KeyPairs']) == 2

                # Nothing of a private half is kept.
                for name in os.listdir(HOME):
                    path = os.path.join(HOME, name)
                    if os.path.isfile(path): assert b'PRIVATE KEY' not in open(path, 'rb').read() or name == 'master.key', name
                assert not os.path.exists(HOME + '/keys') or os.listdir(HOME + '/keys') == []

                assert code(ec2.create_key_pair, KeyName='made') == 'InvalidKeyPair.Duplicate'
                assert code(ec2.import_key_pair, KeyName='own', PublicKeyMaterial=line) == 'InvalidKeyPair.Duplicate'
                assert code(ec2.import_key_pair, KeyName='x', PublicKeyMaterial='nonsense') == 'InvalidKey.Format'
                assert code(ec2.create_key_pair, KeyName='x', DryRun=True) == 'DryRunOperation'
                assert code(ec2.create_key_pair, KeyName=' x') == 'InvalidParameterValue'
                assert code(ec2.create_key_pair, KeyName='x', KeyType='dsa') == 'InvalidParameterValue'
                assert code(ec2.describe_key_pairs, KeyNames=['x']) == 'InvalidKeyPair.NotFound'
                assert code(ec2.describe_key_pairs, Filters=[{'Name': 'nope', 'Values': ['x']}]) == 'InvalidParameterValue'
                assert ec2.delete_key_pair(KeyPairId=own['KeyPairId'])['KeyPairId'] == own['KeyPairId']
                assert ec2.delete_key_pair(KeyName='own')['Return'] is True
                assert code(ec2.delete_key_pair, KeyName='made', DryRun=True) == 'DryRunOperation'
                assert names(key_name=['*']) == ['edwards', 'made', 'putty']
                """#
            )
        }

        @Test func `instances are found by id, filter and page, and tagged`() throws {
            try run(
                #"""
                def ids(**more):
                    return [instance['InstanceId'] for reservation in ec2.describe_instances(**more)['Reservations']
                        for instance in reservation['Instances']]
                def where(name, *values): return ids(Filters=[{'Name': name, 'Values': list(values)}])
                everything = ids()
                assert len(everything) == 12 and everything == sorted(everything)
                web = where('tag:Name', 'web-3')
                assert len(web) == 1 and ids(InstanceIds=web) == web
                assert len(where('tag:Name', 'web-*')) == 10 and len(where('tag:Name', 'web-?')) == 9
                assert where('tag:Name', '[w]eb-3') == [] and len(where('tag:env', 'prod', 'test')) == 2
                assert len(where('tag-key', 'env')) == 2 and len(where('private-ip-address', '10.0.0.*')) == 10
                assert len(where('instance-state-name', 'running')) == 12 and len(where('instance-state-code', '16')) == 12
                assert len(where('key-name', 'k*')) == 0
                both = ec2.describe_instances(Filters=[{'Name': 'tag:env', 'Values': ['*']}, {'Name': 'tag:Name', 'Values': ['db']}])
                assert both['Reservations'][0]['Instances'][0]['PrivateIpAddress'] == '10.1.0.1'

                pages = list(ec2.get_paginator('describe_instances').paginate(PaginationConfig={'PageSize': 5}))
                assert [len(page['Reservations']) for page in pages] == [5, 5, 2]
                assert [r['Instances'][0]['InstanceId'] for page in pages for r in page['Reservations']] == everything
                assert code(ec2.describe_instances, MaxResults=2000) == 'InvalidParameterValue'
                assert code(ec2.describe_instances, NextToken='a b') == 'InvalidNextToken'

                status = ec2.describe_instance_status(InstanceIds=web)['InstanceStatuses'][0]
                assert status['SystemStatus']['Status'] == 'ok' and status['InstanceStatus']['Status'] == 'insufficient-data'
                assert status['InstanceState']['Name'] == 'running'
                # One that was added has no console that this server could read.
                assert code(ec2.get_console_output, InstanceId=web[0]) == 'UnsupportedOperation'
                assert [region['RegionName'] for region in ec2.describe_regions()['Regions']] == ['local']
                assert code(ec2.describe_regions, RegionNames=['mars']) == 'InvalidParameterValue'

                ec2.create_tags(Resources=web, Tags=[{'Key': 'role', 'Value': 'front'}, {'Key': 'Name', 'Value': 'renamed'}])
                assert where('tag:Name', 'renamed') == web and where('tag:role', 'front') == web
                tags = ec2.describe_tags(Filters=[{'Name': 'resource-id', 'Values': web}])['Tags']
                assert [(tag['Key'], tag['Value'], tag['ResourceType']) for tag in tags] == [
                    ('Name', 'renamed', 'instance'), ('role', 'front', 'instance')]
                ec2.delete_tags(Resources=web, Tags=[{'Key': 'role', 'Value': 'other'}])
                assert where('tag:role', 'front') == web
                ec2.delete_tags(Resources=web, Tags=[{'Key': 'role'}])
                assert where('tag-key', 'role') == []
                paged = [len(page['Tags']) for page in ec2.get_paginator('describe_tags').paginate(PaginationConfig={'PageSize': 5})]
                assert sum(paged) == 14 and paged[0] == 5, paged
                # Two may have one name, as at EC2; `latchkey` then asks for more.
                ec2.create_tags(Resources=web, Tags=[{'Key': 'Name', 'Value': 'db'}])
                assert len(where('tag:Name', 'db')) == 2
                assert code(ec2.create_tags, Resources=web, Tags=[{'Key': 'aws:x', 'Value': 'y'}]) == 'InvalidParameterValue'
                assert code(ec2.create_tags, Resources=['vpc-1'], Tags=[{'Key': 'x', 'Value': 'y'}]) == 'InvalidID'
                for call in [ec2.describe_instances, ec2.describe_instance_status]:
                    assert code(call, InstanceIds=['i-00000000000000000']) == 'InvalidInstanceID.NotFound'
                    assert code(call, InstanceIds=['x']) == 'InvalidInstanceID.Malformed'
                    assert code(call, DryRun=True) == 'DryRunOperation'
                assert code(ec2.create_tags, Resources=['i-00000000000000000'], Tags=[{'Key': 'x', 'Value': 'y'}]) == 'InvalidInstanceID.NotFound'
                assert code(ec2.describe_instances, Filters=[{'Name': 'nope', 'Values': ['x']}]) == 'InvalidParameterValue'
                """#
            ) { scratch in
                for number in 1...10 {
                    _ = try scratch.latchkey("instance", "add", "web-\(number)", "--address", "10.0.0.\(number)")
                }
                _ = try scratch.latchkey("instance", "add", "db", "--address", "10.1.0.1", "--tag", "env=prod")
                _ = try scratch.latchkey("instance", "add", "old", "--address", "10.1.0.2", "--tag", "env=test")
            }
        }

        @Test func `who asks wrongly gets the error that AWS would give`() throws {
            try run(
                #"""
                sts = service('sts')
                me = sts.get_caller_identity()
                assert me['Account'] == '000000000000' and me['Arn'].startswith('arn:aws:iam::000000000000:user/')
                assert code(service('ec2', secret='x').describe_instances) == 'AuthFailure'
                assert code(service('ec2', key='AKIAAAAAAAAAAAAAAAAA').describe_instances) == 'AuthFailure'
                assert code(service('sts', secret='x').get_caller_identity) == 'SignatureDoesNotMatch'
                assert code(service('sts', key='AKIAAAAAAAAAAAAAAAAA').get_caller_identity) == 'InvalidClientTokenId'
                assert code(ec2.describe_vpcs) == 'InvalidAction'
                assert code(sts.get_session_token) == 'InvalidAction'
                import datetime
                from unittest import mock
                import botocore.auth as auth
                real = auth.get_current_datetime
                def late(*arguments, **more): return real(*arguments, **more) - datetime.timedelta(minutes=20)
                with mock.patch.object(auth, 'get_current_datetime', late):
                    assert code(ec2.describe_instances) == 'RequestExpired'

                import ssl
                def raw(body, headers={}, method='POST', path='/'):
                    headers = {'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8'} | headers
                    request = urllib.request.Request(SERVER['endpoint'] + path, body, headers, method=method)
                    try:
                        return urllib.request.urlopen(request, context=ssl.create_default_context(cafile=SERVER['authorities']))
                    except urllib.error.HTTPError as error:
                        text = error.read().decode()
                        assert text.startswith('<?xml') and '<Code>' in text, text
                        assert 'text/xml' in error.headers['Content-Type']
                        return error.code, text.split('<Code>')[1].split('</Code>')[0]
                assert raw(b'Action=DescribeInstances&Version=2016-11-15') == (403, 'MissingAuthenticationToken')
                assert raw(b'') == (400, 'MissingAction') and raw(b'Version=2016-11-15') == (400, 'MissingAction')
                assert raw(b'Action=%zz') == (400, 'MalformedQueryString')
                assert raw(b'Action=%ff') == (400, 'MalformedQueryString')
                assert raw(b'Action=A&Action=B') == (400, 'InvalidQueryParameter')
                assert raw(b'Action=DescribeInstances&x=' + b'y' * 10_000_000) == (413, 'RequestEntityTooLarge')
                """#
            )
        }
    }
}
