// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeySystem
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What is written on top of EC2's API by others: boto3's resources, Ansible, libcloud.
    struct EC2Tools {
        private static let hasAnsible =
            (try? Execution.run(["ansible-doc", "-t", "module", "amazon.aws.ec2_instance"]).status) == 0
        private static let hasLibcloud =
            (try? Execution.run(["python3", "-c", "import libcloud.compute.drivers.ec2"]).status) == 0

        private static let hasCustodian = (try? Execution.run(["custodian", "version"]).status) == 0

        /// Says on what the suite runs: whoever reads its output learns what was not tried.
        @Test func `Ansible, libcloud and Custodian are there, or their tests are not run`() {
            print("latchkey: Ansible with amazon.aws is \(Self.hasAnsible ? "there" : "NOT THERE, NOT TESTED")")
            print("latchkey: libcloud is \(Self.hasLibcloud ? "there" : "NOT THERE, NOT TESTED")")
            print("latchkey: Cloud Custodian is \(Self.hasCustodian ? "there" : "NOT THERE, NOT TESTED")")
        }

        @Test func `boto3's resources live the life of an instance`() throws {
            try EC2Launches.with { scratch, _ in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + DocumentedFilters.python + #"""
                        ec2 = boto3.resource('ec2', endpoint_url=SERVER['endpoint'], region_name=SERVER['region'],
                            aws_access_key_id=SERVER['accessKeyID'], aws_secret_access_key=SERVER['secretAccessKey'])
                        pair = ec2.create_key_pair(KeyName='web', KeyType='ed25519')
                        assert pair.key_material.startswith('-----BEGIN') and pair.name == 'web'
                        [vpc] = ec2.vpcs.filter(Filters=filters(is_default='true'))
                        [subnet] = vpc.subnets.all()
                        [group] = vpc.security_groups.filter(GroupNames=['default'])
                        [image] = ec2.images.filter(Owners=['self'], Filters=filters(name='image ami-1'))
                        assert image.root_device_type == 'ebs' and image.block_device_mappings[0]['Ebs']['VolumeSize'] == 8
                        [web] = ec2.create_instances(ImageId=image.id, MinCount=1, MaxCount=1, KeyName='web',
                            InstanceType='t3.micro', NetworkInterfaces=[{'DeviceIndex': 0, 'SubnetId': subnet.id,
                                'Groups': [group.id], 'AssociatePublicIpAddress': True}],
                            TagSpecifications=tags('instance', Name='web') + tags('volume', disk='root'))
                        web.wait_until_running()
                        web.reload()
                        assert web.state['Name'] == 'running' and web.public_ip_address == '172.17.0.9', web.meta.data
                        assert web.public_dns_name == '172.17.0.9' and web.private_dns_name.startswith('ip-172-17-0-9.')
                        assert web.vpc.id == vpc.id and web.subnet.id == subnet.id and web.image.id == 'ami-1'
                        assert web.key_pair.name == 'web' and web.key_pair.key_fingerprint == pair.key_fingerprint
                        assert web.instance_type == 't3.micro' and web.monitoring['State'] == 'disabled'
                        [volume] = web.volumes.all()
                        assert volume.attachments[0]['InstanceId'] == web.id and volume.tags[0]['Value'] == 'root'
                        assert web.network_interfaces_attribute[0]['Groups'][0]['GroupId'] == group.id
                        web.create_tags(Tags=[{'Key': 'env', 'Value': 'prod'}])
                        running = ec2.instances.filter(Filters=filters(instance_state_name='running', tag__env='prod'))
                        assert [i.id for i in running] == [web.id] == [i.id for i in subnet.instances.all()]
                        for name in ('instanceType', 'userData', 'rootDeviceName', 'disableApiTermination', 'groupSet',
                                'sourceDestCheck', 'ebsOptimized', 'instanceInitiatedShutdownBehavior', 'blockDeviceMapping',
                                'productCodes', 'kernel', 'ramdisk', 'sriovNetSupport', 'enaSupport', 'disableApiStop'):
                            answer = web.describe_attribute(Attribute=name)
                            assert answer['InstanceId'] == web.id and len(answer) >= 3, (name, answer)
                        assert web.describe_attribute(Attribute='instanceType')['InstanceType']['Value'] == 't3.micro'
                        assert code(web.describe_attribute, Attribute='odd') == 'InvalidParameterValue'
                        web.stop()
                        web.wait_until_stopped()
                        web.reload()
                        assert web.public_ip_address is None and web.state_transition_reason.startswith('User initiated (')
                        web.start()
                        web.wait_until_running()
                        web.terminate()
                        web.wait_until_terminated()
                        assert [i.id for i in vpc.instances.all()] == [] and list(ec2.volumes.all()) == []
                        pair.delete()

                        client = ec2.meta.client
                        [zone] = client.describe_availability_zones()['AvailabilityZones']
                        assert (zone['ZoneName'], zone['State'], zone['RegionName']) == ('locala', 'available', 'local'), zone
                        assert subnet.availability_zone == 'locala' and subnet.default_for_az and subnet.available_ip_address_count
                        assert code(client.describe_availability_zones, ZoneNames=['x']) == 'InvalidParameterValue'
                        for call, error, more in [
                            (client.describe_vpcs, 'InvalidVpcID.NotFound', {'VpcIds': ['vpc-1']}),
                            (client.describe_subnets, 'InvalidSubnetID.NotFound', {'SubnetIds': ['subnet-1']}),
                            (client.describe_security_groups, 'InvalidGroup.NotFound', {'GroupIds': ['sg-1']}),
                            (client.describe_security_groups, 'InvalidGroup.NotFound', {'GroupNames': ['x']}),
                            (client.describe_volumes, 'InvalidVolume.NotFound', {'VolumeIds': ['vol-0123456789abcdef0']}),
                            (client.describe_volumes, 'InvalidVolumeID.Malformed', {'VolumeIds': ['x']}),
                            (client.describe_addresses, 'InvalidAddress.NotFound', {'PublicIps': ['192.0.2.1']}),
                            (client.describe_instance_types, 'InvalidInstanceType', {'InstanceTypes': ['a b']}),
                            (client.describe_vpcs, 'DryRunOperation', {'DryRun': True}),
                        ]: assert code(call, **more) == error, (call, code(call, **more))
                        assert client.describe_addresses()['Addresses'] == []
                        [kind] = client.describe_instance_types(InstanceTypes=['t3.nano'])['InstanceTypes']
                        assert kind['InstanceType'] == 't3.nano' and kind['MemoryInfo']['SizeInMiB'] > 0, kind
                        assert kind['VCpuInfo']['DefaultVCpus'] > 0, kind
                        known = {t['InstanceType'] for t in client.describe_instance_types()['InstanceTypes']}
                        assert known == {'m1.small', 't3.micro'}, known
                        found = {a['AttributeName']: a['AttributeValues'][0]['AttributeValue']
                            for a in client.describe_account_attributes()['AccountAttributes']}
                        assert found['default-vpc'] == vpc.id and found['supported-platforms'] == 'VPC', found
                        for operation, key in [('availability_zones', 'AvailabilityZones'), ('vpcs', 'Vpcs'), ('subnets', 'Subnets'),
                                ('security_groups', 'SecurityGroups'), ('instance_types', 'InstanceTypes'),
                                ('addresses', 'Addresses'), ('regions', 'Regions')]:
                            call = getattr(client, 'describe_' + operation)
                            check_filters('Describe' + operation.title().replace('_', ''), call, key)
                        print('good')
                        """#
                )
                #expect(answer == "good")
            }
        }

        /// What Ansible's and libcloud's programs are called with.
        private static let account = #"""
            ACCOUNT = {**os.environ, 'AWS_ACCESS_KEY_ID': SERVER['accessKeyID'],
                'AWS_SECRET_ACCESS_KEY': SERVER['secretAccessKey'], 'AWS_REGION': SERVER['region'],
                'AWS_DEFAULT_REGION': SERVER['region'], 'AWS_ENDPOINT_URL': SERVER['endpoint'], 'AWS_URL': SERVER['endpoint'],
                'ANSIBLE_LOCALHOST_WARNING': 'False', 'ANSIBLE_INVENTORY_UNPARSED_WARNING': 'False',
                'ANSIBLE_DEPRECATION_WARNINGS': 'False', 'ANSIBLE_HOME': HOME + '/../ansible', 'LC_ALL': 'C.UTF-8'}
            PYTHON = 'ansible_python_interpreter={{ ansible_playbook_python }}'
            def plain(value):
                """What is marked as another's words, as it is."""
                if isinstance(value, list): return [plain(one) for one in value]
                if not isinstance(value, dict): return value
                return value.get('__ansible_unsafe') or {name: plain(one) for name, one in value.items()}
            def inventory(**more):
                path = HOME + '/../fleet.aws_ec2.yml'
                with open(path, 'w') as file:
                    json.dump({'plugin': 'amazon.aws.aws_ec2', 'regions': ['local'], **more}, file)
                return plain(json.loads(program('ansible-inventory', '-i', path, '--list'))['_meta']['hostvars'])
            def program(*words):
                ended = subprocess.run(words, capture_output=True, text=True, env=ACCOUNT)
                assert ended.returncode == 0, (words, ended.stdout[-4000:], ended.stderr[-4000:])
                return ended.stdout

            """#

        @Test(.enabled(if: hasAnsible)) func `Ansible launches instances, finds them, and ends them`() throws {
            try EC2Launches.with { scratch, _ in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + Self.account + #"""
                        play = HOME + '/../play.yml'
                        with open(play, 'w') as file: file.write('''
                        - hosts: localhost
                          connection: local
                          gather_facts: false
                          vars:
                            web: {name: web-1, image_id: ami-1, instance_type: t3.micro, wait: true, key_name: web,
                              tags: {env: prod}}
                          tasks:
                            - amazon.aws.ec2_key: {name: web, key_type: ed25519}
                            - amazon.aws.ec2_ami_info: {owners: self, filters: {name: "image ami-1"}}
                              register: images
                            - ansible.builtin.assert: {that: images.images | length == 1}
                            - amazon.aws.ec2_instance: "{{ web | combine({'state': 'running'}) }}"
                              register: first
                            - amazon.aws.ec2_instance: "{{ web | combine({'state': 'running'}) }}"
                              register: second
                            - ansible.builtin.assert:
                                that: [first is changed, second is not changed, first.instance_ids == second.instance_ids]
                            - amazon.aws.ec2_instance_info: {filters: {"tag:env": prod, instance-state-name: running}}
                              register: known
                            - ansible.builtin.assert: {that: known.instances | length == 1}
                            - amazon.aws.ec2_instance: {instance_ids: "{{ first.instance_ids }}", state: stopped, wait: true}
                            - amazon.aws.ec2_instance: {instance_ids: "{{ first.instance_ids }}", state: started, wait: true}
                        ''')
                        program('ansible-playbook', '-i', 'localhost,', '-e', PYTHON, play)
                        # By its name, which is its address where nobody gave it one.
                        found = inventory()
                        assert list(found) == ['172.17.0.9'], list(found)
                        assert found['172.17.0.9']['tags'] == {'Name': 'web-1', 'env': 'prod'}, found
                        found = inventory(hostnames=['tag:Name'], filters={'tag:env': 'prod'}, use_ssm_inventory=True)
                        assert list(found) == ['web-1'] and found['web-1']['public_ip_address'] == '172.17.0.9', found
                        assert inventory(filters={'vpc-id': 'vpc-1'}) == {}
                        with open(play, 'w') as file: file.write('''
                        - hosts: localhost
                          connection: local
                          gather_facts: false
                          tasks:
                            - amazon.aws.ec2_instance: {state: absent, filters: {"tag:Name": web-1}, wait: true}
                        ''')
                        program('ansible-playbook', '-i', 'localhost,', '-e', PYTHON, play)
                        left = ec2.describe_instances(Filters=filters(instance_state_name='running'))
                        assert left['Reservations'] == [], left
                        print('good')
                        """#,
                    timeout: 4 * Execution.timeout
                )
                #expect(answer == "good")
            }
        }

        @Test(.enabled(if: hasAnsible)) func `Ansible's inventory has what agents report of their machines`() throws {
            try Scratch.with { scratch in
                try StateFile.makeFolder(scratch.latchkeyHome)
                let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
                let instance = Instance(tags: ["Name": "web-1"], addresses: ["web-1.example"], created: Date())
                try store.add(instance)
                let report = ManagedInstance.Report(agentVersion: "3.3", platformType: "Linux", computerName: "host-1")
                try store.add(
                    ManagedInstance(
                        instanceID: instance.id,
                        machineFingerprint: "f",
                        registered: Date(),
                        report: report
                    )
                )
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(
                        EC2KeyPairs.prelude + Self.account + #"""
                            ACCOUNT['AWS_CA_BUNDLE'] = SERVER['authorities']
                            listed = inventory(use_ssm_inventory=True)
                            assert list(listed) == ['web-1.example'], listed
                            told = listed['web-1.example']['ssm_inventory']
                            assert (told['computer_name'], told['agent_version']) == ('host-1', '3.3'), told
                            print('good')
                            """#,
                        timeout: 4 * Execution.timeout
                    )
                    #expect(answer == "good")
                }
            }
        }

        @Test(.enabled(if: hasLibcloud)) func `libcloud launches nodes, lists them, and ends them`() throws {
            // It knows the regions of AWS only.
            try EC2Launches.with(region: "eu-central-1") { scratch, _ in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + #"""
                        import urllib.parse
                        from libcloud.compute.base import NodeSize
                        from libcloud.compute.drivers.ec2 import EC2NodeDriver
                        where = urllib.parse.urlparse(SERVER['endpoint'])
                        driver = EC2NodeDriver(SERVER['accessKeyID'], SERVER['secretAccessKey'], region='eu-central-1',
                            host=where.hostname, port=where.port, secure=where.scheme == 'https', signature_version='4')
                        assert driver.list_nodes() == []
                        image = [i for i in driver.list_images(ex_owner='self') if i.id == 'ami-1'][0]
                        size = NodeSize('t3.micro', 't3.micro', 1024, 8, None, None, driver)
                        key = driver.create_key_pair('web')
                        node = driver.create_node(name='web-1', image=image, size=size, ex_keyname='web')
                        [(node, addresses)] = driver.wait_until_running([node], wait_period=0.2)
                        assert addresses == ['172.17.0.9'] and node.name == 'web-1' and node.state == 'running', node
                        [found] = driver.list_nodes(ex_filters={'tag:Name': 'web-1'})
                        assert found.id == node.id and found.extra['key_name'] == 'web', found.extra
                        assert [z.name for z in driver.ex_list_availability_zones()] == ['eu-central-1a']
                        assert driver.reboot_node(node) and driver.stop_node(node) and driver.destroy_node(node)
                        print('good')
                        """#
                )
                #expect(answer == "good")
            }
        }

        @Test(.enabled(if: hasCustodian)) func `Cloud Custodian finds how long instances are stopped, and starts them`()
            throws
        {
            try EC2Launches.with(region: "eu-central-1") { scratch, launcher in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + Self.account + #"""
                        [made] = ec2.run_instances(ImageId='ami-1', MinCount=1, MaxCount=1)['Instances']
                        ids = [made['InstanceId']]
                        ec2.get_waiter('instance_running').wait(InstanceIds=ids, WaiterConfig={'Delay': 1})
                        ec2.stop_instances(InstanceIds=ids)
                        ec2.get_waiter('instance_stopped').wait(InstanceIds=ids, WaiterConfig={'Delay': 1})
                        def custodian(days):
                            path, output = HOME + '/../policy.json', HOME + f'/../out{days}'
                            with open(path, 'w') as file:
                                json.dump({'policies': [{'name': 'awake', 'resource': 'aws.ec2', 'filters': [
                                    {'State.Name': 'stopped'}, {'type': 'state-age', 'op': 'ge', 'days': days}],
                                    'actions': ['start']}]}, file)
                            program('custodian', 'run', '--region', 'eu-central-1', '-s', output, path)
                            return [i['InstanceId'] for i in json.load(open(output + '/awake/resources.json'))]
                        assert custodian(1) == []
                        assert custodian(0) == ids
                        ec2.get_waiter('instance_running').wait(InstanceIds=ids, WaiterConfig={'Delay': 1})
                        print('good')
                        """#
                )
                #expect(answer == "good")
                #expect(launcher.taken().count { $0.hasPrefix("start") } == 1)
            }
        }
    }
}
