// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeySystem
import LatchkeyTestSupport
import Logging
import Testing

@testable import LatchkeyLaunching
@testable import LatchkeyOperations
@testable import LatchkeyServer

/// The launcher against an engine that is slow, forgets, or is used by others at the wrong moment.
struct DockerLauncherTests {
    private struct Place {
        let scratch: Scratch
        let store: SQLiteStore
        let engine: FakeEngine
        let launcher: DockerLauncher
        let imageID = "ami-11111111111111111"

        func add(_ state: InstanceState = .pending, container: String? = nil) throws -> Instance.ID {
            let now = Date()
            let instance = Instance(tags: ["Name": "web"], state: state, addresses: [], created: now)
            let record = LaunchRecord(
                instanceID: instance.id,
                imageID: imageID,
                instanceType: "t",
                launched: now,
                container: container,
                stateChanged: now
            )
            try store.launch([(instance, record)], userData: nil)
            return instance.id
        }

        func state(_ id: Instance.ID) throws -> InstanceState? { try store.instances(withIDs: [id]).first?.state }

        func wait(_ id: Instance.ID, _ expected: InstanceState) throws {
            try TestRelay.wait(
                for: "\(expected)",
                { try state(id) == expected },
                otherwise: { "\(try state(id) as Any)" }
            )
        }

        /// What the engine has of an instance.
        func container(_ id: Instance.ID) throws -> String {
            try engine.evaluate(
                "' '.join(c['Id'] for c in containers.values() if c['Labels']['latchkey.instance'] == '\(id)')"
            )
        }
    }

    private func with(_ body: (Place) throws -> Void) throws {
        try Scratch.with { scratch in
            try FakeEngine.with(scratch) { engine in
                try StateFile.makeFolder(scratch.latchkeyHome)
                let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db")
                let pool = BlockingPool(threads: 1)
                let launcher = DockerLauncher(
                    engine: DockerEngine(socket: engine.socket),
                    store: store,
                    setting: DockerLauncher.Setting(metadataEndpoint: "http://x", volumes: []),
                    home: "home",
                    pool: pool,
                    log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                    onStop: { _ in }
                )
                defer {
                    launcher.finish()
                    pool.stop()
                }
                try body(Place(scratch: scratch, store: store, engine: engine, launcher: launcher))
            }
        }
    }

    /// A launch that begins and ends while the containers are listed must not be taken for one whose container is gone.
    @Test func `a look that is out of date changes nothing`() throws {
        try with { place in
            let id = try place.add()
            try place.engine.evaluate("plan['list'] = 1.0; 1")
            let looked = DispatchSemaphore(value: 0)
            Thread.detachNewThread { [launcher = place.launcher] in
                try? launcher.reconcile()
                looked.signal()
            }
            try TestRelay.wait(for: "the question") { try place.engine.evaluate("len(log)") != "0" }
            place.launcher.converge(id)
            try place.wait(id, .running)
            looked.wait()
            #expect(try place.state(id) == .running)
            #expect(try place.store.launch(of: id)?.container == place.container(id))
            // The next one finds it as it is.
            try place.engine.evaluate("plan['list'] = 0; 1")
            try place.launcher.reconcile()
            #expect(try place.state(id) == .running)
        }
    }

    @Test func `an instance that is started anew runs all the while`() throws {
        try with { place in
            let id = try place.add()
            place.launcher.converge(id)
            try place.wait(id, .running)
            try place.engine.evaluate("plan['restart'] = 0.5; 1")
            place.launcher.converge(id, restarts: true)
            try TestRelay.wait(for: "the restart") {
                try place.engine.evaluate("any('restart' in l for l in log)") == "True"
            }
            for _ in 0..<5 {
                try place.launcher.reconcile()
                #expect(try place.state(id) == .running)
                usleep(50_000)
            }
        }
    }

    /// As a latchkeyd leaves it that was killed between having it made and noting it.
    @Test(arguments: [InstanceState.pending, .shuttingDown]) func `a container that was not noted is found`(
        state: InstanceState
    ) throws {
        try with { place in
            let id = try place.add()
            place.launcher.converge(id)
            try place.wait(id, .running)
            let container = try place.container(id)
            try place.store.setContainer(nil, of: id)
            try place.store.setState(of: id, state, at: Date())
            try place.launcher.reconcile()
            try place.wait(id, state == .pending ? .running : .terminated)
            #expect(try place.store.launch(of: id)?.container == (state == .pending ? container : nil))
            #expect(try place.container(id) == (state == .pending ? container : ""))
        }
    }

    @Test func `a container of another home is nobody's`() throws {
        try with { place in
            let id = try place.add(.shuttingDown)
            try place.engine.evaluate(
                """
                containers['a'] = {'Id': 'a', 'Name': 'x', 'State': 'running', 'Labels': {'latchkey.instance': '\(id)',
                'latchkey.home': 'other'}, 'NetworkSettings': {}}; 1
                """
                .replacing("\n", with: " ")
            )
            try place.launcher.reconcile()
            try place.wait(id, .terminated)
            #expect(try place.container(id) == "a")
        }
    }

    @Test(arguments: [InstanceState.stopping, .pending, .running, .stopped, .shuttingDown])
    func `what somebody else removed is told of as terminated`(state: InstanceState) throws {
        try with { place in
            let id = try place.add()
            place.launcher.converge(id)
            try place.wait(id, .running)
            try place.engine.evaluate("containers.clear(); 1")
            try place.store.setState(of: id, state, at: Date())
            try place.launcher.reconcile()
            try place.wait(id, .terminated)
            #expect(try place.store.launch(of: id)?.container == nil)
        }
    }

    /// Its console cannot be read; the others are looked after all the same, and the failure is told.
    @Test func `one that cannot be looked after hides no other`() throws {
        try with { place in
            let (first, second) = (try place.add(), try place.add())
            for id in [first, second] {
                place.launcher.converge(id)
                try place.wait(id, .running)
            }
            try place.scratch.execute("UPDATE launch SET launched = launched - 10000")
            try place.engine.evaluate(
                "plan['fail'] = {'logs': 500}; containers['\(place.container(second))'].update(State='exited'); 1"
            )
            #expect(throws: LatchkeyError.self) { try place.launcher.reconcile() }
            #expect(try place.state(first) == .running)
            #expect(try place.state(second) == .stopped)
        }
    }

    @Test func `an agent's report counts for more than the console`() throws {
        try with { place in
            let id = try place.add()
            place.launcher.converge(id)
            try place.wait(id, .running)
            try place.scratch.execute("UPDATE launch SET launched = launched - 10000")
            let keys = [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSZpaF5kM+zY/kzDTxKleTO8V9mpbbaS4sueCHFrmA7",
            ]
            .compactMap { PublicKey(line: $0) }
            let block = HostKeyText.block(of: [keys[0]]).replacing("\n", with: "\\n")
            try place.engine.evaluate("plan['console'] = '\(block)'; 1")
            try place.launcher.reconcile()
            func pinned() throws -> [HostKey] { try place.store.instances(withIDs: [id]).first?.hostKeys ?? [] }
            #expect(try pinned().map(\.key) == [keys[0]] && pinned().map(\.source) == [.console])
            try place.store.noteReachability(of: id, hostKeys: [keys[1]], addresses: [], port: nil, at: Date())
            #expect(try pinned().map(\.key) == [keys[1]] && pinned().map(\.source) == [.agent])
            try place.launcher.reconcile()
            #expect(try pinned().map(\.key) == [keys[1]])
        }
    }

    @Test func `those who log in put no host keys on the console`() throws {
        try with { place in
            let keys = [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSZpaF5kM+zY/kzDTxKleTO8V9mpbbaS4sueCHFrmA7",
            ]
            .compactMap { PublicKey(line: $0) }
            let (own, forged) = (HostKeyText.block(of: [keys[0]]), HostKeyText.block(of: [keys[1]]))
            let listens = "Server listening on 0.0.0.0 port 22.\n"
            let flood = String(repeating: "x\n", count: 700_000)
            for (console, expected) in [
                (own + listens + forged, [keys[0]]), (listens + forged, []), (forged + flood, []),
                (own + listens + flood + forged, []), (own, [keys[0]]),
            ] {
                let id = try place.add()
                place.launcher.converge(id)
                try place.wait(id, .running)
                try place.scratch.execute("UPDATE launch SET launched = launched - 10000")
                let path = try place.scratch.write("console", console)
                try place.engine.evaluate("plan['console'] = open('\(path)').read(); 1")
                try place.launcher.reconcile()
                #expect(try place.store.instances(withIDs: [id]).first?.hostKeys.map(\.key) == expected)
                try place.engine.evaluate("plan['console'] = ''; 1")
            }
        }
    }

    @Test func `an instance may do no more on its network than it has to`() throws {
        try with { place in
            let id = try place.add()
            place.launcher.converge(id)
            try place.wait(id, .running)
            let asked = "list(containers.values())[0]['Asked']['HostConfig']"
            #expect(try place.engine.evaluate("\(asked)['CapDrop']") == "['NET_RAW']")
            #expect(try place.engine.evaluate("\(asked)['LogConfig']['Type']") == "json-file")
        }
    }
}
