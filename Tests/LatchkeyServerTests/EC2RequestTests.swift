// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// The ways in which a request to EC2 may come, besides a form in its body.
    struct EC2Requests {
        @Test func `parameters come in the address, in the body, or in both, and a signature among them`() throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(
                        EC2KeyPairs.prelude + """
                            import ssl, time, urllib.request, urllib.parse, xml.etree.ElementTree as tree
                            from unittest import mock
                            import botocore.auth, datetime
                            from botocore.auth import SigV4Auth, SigV4QueryAuth
                            from botocore.awsrequest import AWSRequest
                            from botocore.credentials import Credentials
                            mine = Credentials(SERVER['accessKeyID'], SERVER['secretAccessKey'])
                            trust = ssl.create_default_context(cafile=SERVER['authorities'])
                            FORM = {'Content-Type': 'application/x-www-form-urlencoded'}
                            def open_url(url, body=None, headers={}, method='GET'):
                                sent = urllib.request.Request(url, body, dict(headers), method=method)
                                try:
                                    return tree.fromstring(urllib.request.urlopen(sent, context=trust).read()).tag.split('}')[-1]
                                except urllib.error.HTTPError as error:
                                    text = error.read()
                                    if error.code == 404: return 404
                                    return tree.fromstring(text).find('.//Code').text
                            def ask(query, body=None, headers={}, method='GET', service='ec2', auth=SigV4Auth):
                                url = SERVER['endpoint'] + '/' + ('?' + query if query else '')
                                request = AWSRequest(method, url, headers=dict(headers), data=body)
                                auth(mine, service, SERVER['region']).add_auth(request)
                                return open_url(request.prepare().url, body, request.headers.items(), method)
                            V = '&Version=2016-11-15'
                            good = 'DescribeInstancesResponse'
                            assert ask('Action=DescribeInstances' + V) == good
                            assert ask('Action=DescribeRegions&RegionName.1=eu-west-1' + V) == 'InvalidParameterValue'
                            assert ask('Action=GetCallerIdentity&Version=2011-06-15', service='sts') == 'GetCallerIdentityResponse'
                            # In any order, and percent-encoded.
                            assert ask('Version=2016-11-15&Filter.1.Value.1=a%20b&Filter.1.Name=tag%3AName&Action=DescribeInstances'
                                ) == good
                            assert ask('Action=DescribeInstances' + V, b'', method='POST') == good
                            assert ask('Action=DescribeInstances', b'Version=2016-11-15&MaxResults=5', FORM, 'POST') == good
                            assert ask('Action=DescribeInstances', b'MaxResults=x', FORM, 'POST') == 'InvalidParameterValue'
                            assert ask('Action=DescribeInstances', b'Action=DescribeInstances', FORM, 'POST'
                                ) == 'InvalidQueryParameter'
                            assert ask('Action=DescribeInstances&Odd=1') == 'UnknownParameter'
                            assert ask('Version=2016-11-15') == 'MissingAction' and ask('Action=Odd') == 'InvalidAction'
                            assert ask('Action=DescribeInstances', method='PUT') == 404 == open_url(SERVER['endpoint'] + '/')
                            assert open_url(SERVER['endpoint'] + '/?Action=DescribeInstances') == 'MissingAuthenticationToken'
                            # What was signed cannot be changed.
                            request = AWSRequest('GET', SERVER['endpoint'] + '/?Action=DescribeInstances')
                            SigV4Auth(mine, 'ec2', SERVER['region']).add_auth(request)
                            assert open_url(request.url + '&MaxResults=5', headers=request.headers.items()) == 'AuthFailure'

                            # A link carries its signature, and needs nothing else.
                            link = ec2.generate_presigned_url('describe_instances', {'MaxResults': 5}, HttpMethod='GET')
                            assert 'X-Amz-Signature=' in link and open_url(link) == good, open_url(link)
                            assert open_url(link.replace('MaxResults=5', 'MaxResults=6')) == 'AuthFailure'
                            sts = client(service='sts').generate_presigned_url('get_caller_identity', {}, HttpMethod='GET')
                            assert open_url(sts) == 'GetCallerIdentityResponse', open_url(sts)
                            made = ec2.generate_presigned_url('create_key_pair', {'KeyName': 'linked'}, HttpMethod='GET')
                            assert open_url(made) == 'CreateKeyPairResponse' and open_url(made) == 'InvalidKeyPair.Duplicate'
                            real = botocore.auth.get_current_datetime
                            def at(minutes, lifetime, token=None):
                                who = Credentials(mine.access_key, mine.secret_key, token)
                                early = lambda *a, **k: real(*a, **k) - datetime.timedelta(minutes=minutes)
                                with mock.patch('botocore.auth.get_current_datetime', early):
                                    request = AWSRequest('GET', SERVER['endpoint'] + '/?Action=DescribeInstances')
                                    SigV4QueryAuth(who, 'ec2', SERVER['region'], expires=lifetime).add_auth(request)
                                return open_url(request.prepare().url)
                            assert at(0, 60) == at(14, 3600) == good
                            # It is good for a quarter of an hour at the most, whatever it says.
                            assert at(2, 60) == at(16, 3600) == at(-16, 3600) == 'RequestExpired'
                            assert at(0, 60, token='x') == 'AuthFailure'
                            print('good')
                            """
                    )
                    #expect(answer == "good")
                    #expect(try !relay.log().contains("request failed"))
                }
            }
        }

        @Test func `a token that was not given is refused by every list`() throws {
            try EC2Launches.with { scratch, _ in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + """
                        import base64
                        tokens = ['x', 'nonsense!', base64.b64encode(b'vol-1').decode(), base64.b64encode(b'\\xff').decode(), 'MS4=']
                        for call in [ec2.describe_instances, ec2.describe_instance_status, ec2.describe_images, ec2.describe_tags,
                                ec2.describe_volumes, ec2.describe_vpcs, ec2.describe_subnets, ec2.describe_security_groups,
                                ec2.describe_instance_types]:
                            for token in tokens:
                                assert code(call, NextToken=token) == 'InvalidNextToken', (call, token)
                        ssm = client()
                        for call in [ssm.describe_instance_information, ssm.get_inventory, ssm.list_commands,
                                ssm.list_command_invocations, ssm.describe_activations, ssm.list_documents]:
                            assert code(call, NextToken='x') == 'InvalidNextToken', call
                        assert code(ssm.describe_sessions, State='Active', NextToken='x') == 'InvalidNextToken'
                        # Pages of what is in memory meet, too.
                        first = ec2.describe_images(MaxResults=1)
                        rest = ec2.describe_images(MaxResults=1, NextToken=first['NextToken'])
                        found = [i['ImageId'] for i in first['Images'] + rest['Images']]
                        assert found == ['ami-1', 'ami-2'] and 'NextToken' not in rest, (first, rest)
                        print('good')
                        """
                )
                #expect(answer == "good")
            }
        }
    }
}
