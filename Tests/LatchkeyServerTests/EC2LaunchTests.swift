// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyHome
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@testable import LatchkeyHome
@testable import LatchkeyOperations
@testable import LatchkeyServer

extension RelayTests {
    /// RunInstances and what follows it, with a launcher that has no containers.
    struct EC2Launches {
        /// Writes states as a launcher does, and remembers what it was asked for. An instance tagged `fail` cannot be made.
        final class Launcher: InstanceLauncher {
            let store: SQLiteStore
            private let calls = Mutex<[String]>([])

            init(store: SQLiteStore) { self.store = store }

            func taken() -> [String] { calls.withLock { $0 } }

            private func note(_ call: String) { calls.withLock { $0.append(call) } }

            func launch(_ id: Instance.ID) async throws {
                note("launch \(id)")
                if try store.instances(withIDs: [id]).first?.tags["fail"] != nil {
                    throw LatchkeyError(.requestRefused, "there is no room")
                }
                try store.setContainer("c-\(id)", of: id)
                try store.setAddresses(["172.17.0.9"], port: 22, of: id)
                try store.setState(of: id, .running, from: [.pending], at: Date())
            }

            func start(_ id: Instance.ID) async throws {
                note("start \(id)")
                try store.setState(of: id, .running, from: [.pending], at: Date())
            }

            func stop(_ id: Instance.ID, force: Bool) async throws {
                note("stop \(id) \(force)")
                try store.setState(of: id, .stopped, from: [.stopping], reason: .userStopped, at: Date())
            }

            func reboot(_ id: Instance.ID) async throws { note("reboot \(id)") }

            func terminate(_ id: Instance.ID) async throws {
                note("terminate \(id)")
                try store.setState(of: id, .terminated, reason: .userStopped, at: Date())
            }

            func refresh() async throws {}
            func consoleOutput(of id: Instance.ID) async throws -> (text: [UInt8], date: Date)? {
                (Array("booted <&>\n".utf8), Date(timeIntervalSince1970: 1_700_000_000))
            }

            func images() async throws -> [LaunchImage] {
                ["ami-1", "ami-2"]
                    .map { id in
                        LaunchImage(
                            id: id,
                            name: "image \(id)",
                            description: nil,
                            architecture: "x86_64",
                            user: "admin",
                            created: Date(timeIntervalSince1970: 1_700_000_000)
                        )
                    }
            }
        }

        /// A latchkeyd in this process, without TLS.
        static func with(region: String = "local", _ body: (Scratch, Launcher) throws -> Void) throws {
            try Scratch.with { scratch in
                let home = scratch.latchkeyHome
                let folders = StateFolders(configurationPath: "\(home)/config.json", data: home, cache: home)
                let launcher = Launcher(store: try folders.store())
                var options = LatchkeyServer.Daemon.Options()
                options.region = region
                options.listen = [ListenAddress(host: "127.0.0.1", port: try TestRelay.freePort())]
                let (serves, stops, ended) = (
                    DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
                )
                let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                let daemon = LatchkeyServer.Daemon(folders: folders, options: options, log: log) { _ in launcher }
                Thread.detachNewThread {
                    do {
                        try daemon.run {
                            serves.signal()
                            stops.wait()
                        }
                    } catch {
                        Issue.record(error)
                        serves.signal()
                    }
                    ended.signal()
                }
                serves.wait()
                defer {
                    stops.signal()
                    ended.wait()
                }
                try body(scratch, launcher)
            }
        }

        @Test func `instances are launched once for a token, and go through their states`() throws {
            try Self.with { scratch, launcher in
                let answer = try scratch.python(
                    EC2KeyPairs.prelude + """
                        import time
                        ec2.create_key_pair(KeyName='web', KeyType='ed25519')
                        def run(**more):
                            return ec2.run_instances(**{'ImageId': 'ami-1', 'MinCount': 1, 'MaxCount': 1} | more)
                        def ids(reservation): return [i['InstanceId'] for i in reservation['Instances']]
                        made = run(MaxCount=3, KeyName='web', InstanceType='t3.micro', ClientToken='one', UserData='#!/bin/sh',
                            TagSpecifications=tags('instance', Name='web', env='prod'))
                        first = made['Instances'][0]
                        assert first['State']['Name'] == 'pending' and first['ImageId'] == 'ami-1', first
                        assert first['InstanceType'] == 't3.micro' and first['KeyName'] == 'web', first
                        assert {t['Key'] for t in first['Tags']} == {'Name', 'env'} and first['ClientToken'] == 'one', first
                        assert [i['AmiLaunchIndex'] for i in made['Instances']] == [0, 1, 2]
                        assert made['ReservationId'].startswith('r-') and made['OwnerId'] == '000000000000'
                        fleet = ids(made)
                        ec2.get_waiter('instance_running').wait(InstanceIds=fleet, WaiterConfig={'Delay': 1})
                        again = run(MaxCount=3, KeyName='web', InstanceType='t3.micro', ClientToken='one', UserData='#!/bin/sh',
                            TagSpecifications=tags('instance', Name='web', env='prod'))
                        assert ids(again) == fleet and again['ReservationId'] == made['ReservationId']
                        assert code(run, ClientToken='one', ImageId='ami-2') == 'IdempotentParameterMismatch'
                        assert code(run, ImageId='ami-3') == 'InvalidAMIID.NotFound'
                        assert code(run, DryRun=True) == 'DryRunOperation'
                        found = ec2.describe_instances(Filters=filters(reservation_id=made['ReservationId']))['Reservations']
                        assert len(found) == 1 and ids(found[0]) == fleet, found
                        assert found[0]['Instances'][0]['PrivateIpAddress'] == '172.17.0.9'
                        count = lambda **values: len(ec2.describe_instances(Filters=filters(**values))['Reservations'])
                        assert count(image_id='ami-*') == count(client_token='one') == count(instance_type='t3.*') == 1
                        [status] = ec2.describe_instance_status(InstanceIds=fleet[:1])['InstanceStatuses']
                        assert status['InstanceStatus']['Status'] == 'initializing', status

                        def change(call, some, **more):
                            answer = call(InstanceIds=some, **more)
                            [key] = [k for k in answer if k.endswith('Instances')]
                            return [(c['PreviousState']['Name'], c['CurrentState']['Name']) for c in answer[key]]
                        def converge(name, some):
                            for _ in range(1000):
                                found = ec2.describe_instances(InstanceIds=some)['Reservations']
                                states = {i['State']['Name'] for r in found for i in r['Instances']}
                                if states == {name}: return [i for r in found for i in r['Instances']]
                                time.sleep(0.1)
                            raise Exception(states)
                        assert change(ec2.stop_instances, fleet[:1]) == [('running', 'stopping')]
                        [stopped] = converge('stopped', fleet[:1])
                        assert stopped['StateReason']['Code'] == 'Client.UserInitiatedShutdown', stopped
                        import re
                        when = re.fullmatch(r'User initiated \\((\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d) GMT\\)',
                            stopped['StateTransitionReason'])
                        assert when, stopped['StateTransitionReason']
                        assert 'PublicIpAddress' not in stopped and stopped['PublicDnsName'] == '', stopped
                        assert stopped['PrivateIpAddress'] == '172.17.0.9', stopped
                        assert change(ec2.stop_instances, fleet[:1]) == [('stopped', 'stopped')]
                        assert code(ec2.reboot_instances, InstanceIds=fleet) == 'IncorrectInstanceState'
                        assert change(ec2.start_instances, fleet[:2]) == [('stopped', 'pending'), ('running', 'running')]
                        [started] = converge('running', fleet[:1])
                        assert started['LaunchTime'] > stopped['LaunchTime'] and 'StateReason' not in started, started
                        ec2.reboot_instances(InstanceIds=fleet[:1])
                        assert code(ec2.stop_instances, InstanceIds=fleet, Hibernate=True
                            ) == 'UnsupportedHibernationConfiguration'
                        assert code(ec2.stop_instances, InstanceIds=fleet, DryRun=True) == 'DryRunOperation'
                        change(ec2.stop_instances, fleet[1:2], Force=True)
                        converge('stopped', fleet[1:2])
                        console = ec2.get_console_output(InstanceId=fleet[0])
                        assert console['Output'] == 'booted <&>\\n' and console['Timestamp'].year == 2023, console
                        assert change(ec2.terminate_instances, fleet) == [('running', 'shutting-down'),
                            ('stopped', 'shutting-down'), ('running', 'shutting-down')]
                        gone = converge('terminated', fleet)[0]
                        assert not {'PublicIpAddress', 'PrivateIpAddress', 'VpcId', 'SubnetId'} & set(gone), gone
                        assert gone['NetworkInterfaces'] == gone['BlockDeviceMappings'] == gone['SecurityGroups'] == [], gone
                        assert gone['PrivateDnsName'] == '' and ec2.describe_volumes()['Volumes'] == []
                        assert change(ec2.terminate_instances, fleet[:1]) == [('terminated', 'terminated')]
                        again = code(run, MaxCount=3, KeyName='web', InstanceType='t3.micro', ClientToken='one',
                            UserData='#!/bin/sh', TagSpecifications=tags('instance', Name='web', env='prod'))
                        assert again == 'IdempotentInstanceTerminated', again
                        for call in [ec2.start_instances, ec2.stop_instances, ec2.reboot_instances]:
                            assert code(call, InstanceIds=fleet) == 'IncorrectInstanceState'

                        failed = ids(run(TagSpecifications=tags('instance', fail='yes')))
                        [gone] = converge('terminated', failed)
                        assert gone['StateReason']['Code'] == 'Server.InternalError', gone
                        assert 'there is no room' in gone['StateTransitionReason'], gone
                        images = ec2.describe_images(Owners=['self'], Filters=filters(name='*-2'))['Images']
                        assert [i['ImageId'] for i in images] == ['ami-2'] and images[0]['State'] == 'available', images
                        assert code(ec2.describe_images, ImageIds=['ami-3']) == 'InvalidAMIID.NotFound'
                        assert code(ec2.describe_images, ImageIds=['x']) == 'InvalidAMIID.Malformed'
                        assert ec2.describe_images(Owners=['amazon'])['Images'] == []
                        # Many at once with one token are one launch.
                        import concurrent.futures
                        with concurrent.futures.ThreadPoolExecutor(6) as pool:
                            got = list(pool.map(lambda _: ids(run(ClientToken='two'))[0], range(6)))
                        assert len(set(got)) == 1, got
                        print(' '.join(fleet))
                        """
                )
                let fleet = answer.split(separator: " ").map(String.init)
                #expect(fleet.count == 3)
                let calls = launcher.taken()
                #expect(Set(calls.prefix(3)) == Set(fleet.map { "launch \($0)" }))
                #expect(calls.count { $0.hasPrefix("launch") } == 5)
                #expect(calls.contains("reboot \(fleet[0])") && calls.contains("stop \(fleet[1]) true"))
                #expect(calls.count { $0.hasPrefix("start") } == 1)
                #expect(
                    try launcher.store.userData(of: fleet[0]).map { String(decoding: $0, as: UTF8.self) } == "#!/bin/sh"
                )
                #expect(try launcher.store.instances(withIDs: fleet).allSatisfy { $0.user == "admin" })
            }
        }
    }
}
