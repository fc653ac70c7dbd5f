// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeySystem
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What Systems Manager tells of agents' machines.
    struct Inventories {
        private static func fill(_ scratch: Scratch) throws {
            try StateFile.makeFolder(scratch.latchkeyHome)
            let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
            for index in 0..<8 {
                let id = (index % 2 == 0 ? "mi-" : "i-") + "000000000000000\(index)"
                let state: InstanceState = index == 7 ? .terminated : .running
                try store.add(
                    Instance(id: id, tags: ["Name": "m-\(index)"], state: state, addresses: [], created: Date())
                )
                let report = ManagedInstance.Report(
                    agentName: "amazon-ssm-agent",
                    agentVersion: "3.\(index)",
                    platformName: index < 4 ? "Debian GNU/Linux" : "Ubuntu",
                    platformType: "Linux",
                    ipAddress: "10.0.0.\(index)",
                    computerName: "host-\(index)"
                )
                try store.add(
                    ManagedInstance(
                        instanceID: id,
                        machineFingerprint: "f\(index)",
                        registered: Date(timeIntervalSince1970: 1_700_000_000 + Double(index)),
                        lastPing: Date(timeIntervalSince1970: 1_700_001_000),
                        report: report
                    )
                )
            }
        }

        @Test func `what agents report is told, filtered and paged, and of terminated instances nothing`() throws {
            try Scratch.with { scratch in
                try Self.fill(scratch)
                try TestRelay.with(scratch) { relay in
                    let answer = try relay.python(
                        #"""
                        ssm = client()
                        ids = [('i-' if n % 2 else 'mi-') + f'000000000000000{n}' for n in range(7)]
                        kind = 'AWS:InstanceInformation'
                        def inventory(*filters, **more):
                            what = [{'Key': f'{kind}.{k}', 'Values': v, 'Type': t} for k, v, t in filters]
                            return ssm.get_inventory(Filters=what, **more) if what else ssm.get_inventory(**more)
                        def found(*filters, **more): return [e['Id'] for e in inventory(*filters, **more)['Entities']]
                        assert found() == ids, found()
                        [entity] = inventory(('InstanceId', [ids[3]], 'Equal'))['Entities']
                        item = entity['Data'][kind]
                        assert item['TypeName'] == kind and item['SchemaVersion'] == '1.0' and item['CaptureTime'], item
                        assert item['Content'] == [{'AgentType': 'amazon-ssm-agent', 'AgentVersion': '3.3',
                            'ComputerName': 'host-3', 'InstanceId': ids[3], 'InstanceStatus': 'Active',
                            'IpAddress': '10.0.0.3', 'PlatformName': 'Debian GNU/Linux', 'PlatformType': 'Linux',
                            'ResourceType': 'EC2Instance'}], item
                        # As Ansible asks: without a word on how to compare.
                        plain = ssm.get_inventory(Filters=[{'Key': kind + '.InstanceId', 'Values': ids[:2]}])['Entities']
                        assert [e['Id'] for e in plain] == ids[:2], plain
                        assert found(('PlatformName', ['Deb'], 'BeginWith')) == ids[:4]
                        assert found(('PlatformName', ['Ubuntu'], 'NotEqual')) == ids[:4]
                        assert found(('ResourceType', ['ManagedInstance'], 'Equal')) == ids[::2]
                        assert found(('AgentVersion', ['3.4'], 'GreaterThan'), ('ComputerName', ['x'], 'Exists')) == ids[5:]
                        assert found(('AgentVersion', ['3.1'], 'LessThan')) == ids[:1] and found(('Odd', ['x'], 'Exists')) == []
                        assert ssm.get_inventory(Filters=[{'Key': 'AWS:Application.Name', 'Values': ['x']}])['Entities'] == []
                        # Pages are of what passes.
                        pages, token = [], None
                        while True:
                            page = inventory(('ResourceType', ['ManagedInstance'], 'Equal'), MaxResults=3,
                                **({'NextToken': token} if token else {}))
                            pages.append([e['Id'] for e in page['Entities']])
                            token = page.get('NextToken')
                            if not token: break
                        assert pages[0] == ids[:6:2] and sum(pages, []) == ids[::2], pages
                        only = ssm.get_inventory(ResultAttributes=[{'TypeName': 'AWS:Network'}])['Entities']
                        assert all(e['Data'] == {} for e in only), only
                        entries = ssm.list_inventory_entries(InstanceId=ids[2], TypeName=kind)
                        assert [e['ComputerName'] for e in entries['Entries']] == ['host-2'] and entries['TypeName'] == kind
                        assert ssm.list_inventory_entries(InstanceId=ids[2], TypeName='AWS:Network')['Entries'] == []
                        gone = 'i-0000000000000007'
                        assert code(ssm.list_inventory_entries, InstanceId=gone, TypeName=kind) == 'InvalidInstanceId'
                        assert code(ssm.list_inventory_entries, InstanceId=ids[2], TypeName='odd') == 'InvalidTypeNameException'
                        assert code(ssm.get_inventory, Filters=[{'Key': 'odd', 'Values': ['x']}]) == 'InvalidFilter'
                        assert code(ssm.get_inventory, Aggregators=[{'Expression': kind + '.PlatformType'}]
                            ) == 'InvalidAggregatorException'

                        def agents(**filters):
                            what = [{'Key': k.replace('__', ':').replace('_', '-'), 'Values': v} for k, v in filters.items()]
                            return [i['InstanceId'] for i in ssm.describe_instance_information(Filters=what)['InstanceInformationList']]
                        every = ssm.describe_instance_information()['InstanceInformationList']
                        assert [i['InstanceId'] for i in every] == ids, every
                        assert {i['ResourceType'] for i in every if i['InstanceId'][0] == 'i'} == {'EC2Instance'}, every
                        assert {i['ResourceType'] for i in every if i['InstanceId'][0] == 'm'} == {'ManagedInstance'}, every
                        assert agents(ResourceType=['EC2Instance']) == ids[1::2] == ids[1:6:2]
                        assert agents(PingStatus=['ConnectionLost']) == ids and agents(PingStatus=['Online']) == []
                        assert agents(PingStatus=['Inactive']) == [] and agents(PlatformType=['Linux']) == ids
                        assert agents(tag__Name=['m-1', 'm-4']) == [ids[1], ids[4]] and agents(tag_key=['Name']) == ids
                        for name in ['AssociationStatus', 'IamRole', 'SourceIds', 'SourceTypes', 'ActivationIds']:
                            assert agents(**{name: ['x']}) == [], name
                        assert code(ssm.describe_instance_information, Filters=[{'Key': 'Odd', 'Values': ['x']}]
                            ) == 'InvalidFilterKey'
                        lost = ssm.describe_instance_information(Filters=[{'Key': 'PingStatus', 'Values': ['ConnectionLost']}],
                            MaxResults=5)
                        assert len(lost['InstanceInformationList']) == 5 and lost['NextToken'], lost
                        print('good')
                        """#
                    )
                    #expect(answer == "good")
                }
            }
        }
    }
}
