// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyLaunching
@testable import LatchkeyServer

/// Where containers reach this machine, told from what engines say of their network.
struct EngineNetworkTests {
    private static func local(_ interface: String, _ address: String) throws -> EngineNetwork.Local {
        EngineNetwork.Local(interface: interface, address: try #require(EngineNetwork.IPv4(address)))
    }

    private static func address(_ network: String, _ locals: [(String, String)]) throws -> String {
        try JSONDecoder().decode(EngineNetwork.self, from: Data(network.utf8))
            .hostAddress(among: try locals.map { try local($0.0, $0.1) })
    }

    private static let ordinary = [("lo", "127.0.0.1"), ("eth0", "192.0.2.7"), ("docker0", "172.17.0.1")]
    private static let name = #""Options":{"com.docker.network.bridge.name":"docker0"}"#

    @Test(arguments: [
        // At the first start of an engine, and at each one after it.
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]},\#(name)}"#,
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]},\#(name)}"#,
        // The bridge is not told.
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]},"Options":null}"#,
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]}}"#,
        // Only the bridge is.
        #"{"IPAM":{"Config":null},\#(name)}"#,
        #"{\#(name)}"#,
        // With IPv6, whichever comes first.
        #"{"IPAM":{"Config":[{"Subnet":"fd00:1::/64","Gateway":"fd00:1::1"},{"Subnet":"172.17.0.0/16"}]},\#(name)}"#,
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16"},{"Subnet":"fd00:1::/64","Gateway":"fd00:1::1"}]},\#(name)}"#,
        // Containers go out by another router, but reach this machine at the bridge.
        #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.255.254"}]},\#(name)}"#,
    ]) func `it is the bridge's own address, told or not`(network: String) throws {
        #expect(try Self.address(network, Self.ordinary) == "172.17.0.1")
    }

    @Test func `pools and bridges of one's own are no different`() throws {
        let pool = #"{"IPAM":{"Config":[{"Subnet":"10.200.3.64/26"}]},\#(Self.name)}"#
        #expect(try Self.address(pool, [("lo", "127.0.0.1"), ("docker0", "10.200.3.65")]) == "10.200.3.65")
        // --bip gives any address of the range.
        #expect(try Self.address(pool, [("docker0", "10.200.3.99")]) == "10.200.3.99")
        let bridge =
            #"{"IPAM":{"Config":[{"Subnet":"172.18.0.0/16"}]},"Options":{"com.docker.network.bridge.name":"br-9"}}"#
        #expect(try Self.address(bridge, Self.ordinary + [("br-9", "172.18.0.1")]) == "172.18.0.1")
        // Of several addresses, that of the network counts, and of those the one that is told.
        let several = [("docker0", "192.0.2.1"), ("docker0", "172.17.0.9"), ("docker0", "172.17.0.1")]
        let told = #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]},\#(Self.name)}"#
        #expect(try Self.address(told, several) == "172.17.0.1")
        let untold = #"{"IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]},\#(Self.name)}"#
        #expect(try Self.address(untold, several) == "172.17.0.9")
    }

    @Test(arguments: [
        // Of a virtual machine: nothing here has it.
        #"{"IPAM":{"Config":[{"Subnet":"192.168.65.0/24","Gateway":"192.168.65.1"}]},\#(name)}"#,
        #"{"IPAM":{"Config":[{"Subnet":"192.168.65.0/24"}]},\#(name)}"#,
        // IPv6 alone, and nothing at all.
        #"{"IPAM":{"Config":[{"Subnet":"fd00:1::/64","Gateway":"fd00:1::1"}]}}"#,
        #"{"IPAM":{"Config":[{"Subnet":"nonsense","Gateway":""}]}}"#,
        "{}",
    ]) func `a network that is not on this machine is refused`(network: String) throws {
        let error = #expect(throws: LatchkeyError.self) { try Self.address(network, Self.ordinary) }
        #expect(error?.code == .configurationInvalid)
        #expect(error?.hint?.contains("--docker-socket") == true)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.", "::1", "1.2.3.4/8"])
    func `what is no IPv4 address is none`(text: String) { #expect(EngineNetwork.IPv4(text) == nil) }

    @Test func `this machine has its own addresses`() {
        let locals = EngineNetwork.localAddresses()
        #expect(locals.contains { $0.interface == "lo" && $0.address.text == "127.0.0.1" })
    }

    @Test func `an engine at its very first start is served, and a rootless one refused`() throws {
        try Scratch.with { scratch in
            try FakeEngine.with(scratch) { engine in
                let docker = DockerEngine(socket: engine.socket)
                #expect(try docker.hostAddress() == "127.0.0.1")
                let options = [
                    "--docker", "--docker-socket", engine.socket, "--metadata-port", "\(try TestRelay.freePortPair())",
                ]
                try TestRelay.with(scratch, options: options) { (relay) throws in
                    #expect(try relay.logs("\"launching\""))
                }
                try engine.evaluate("plan['security'].append('name=rootless'); 1")
                let error = #expect(throws: LatchkeyError.self) { try docker.hostAddress() }
                #expect(error?.code == .configurationInvalid)
                #expect(error?.message.contains("is rootless") == true)
            }
        }
    }

    @Test(arguments: ["tcp://192.0.2.1:2375", "ssh://root@192.0.2.1"])
    func `an engine elsewhere is refused in a line`(host: String) throws {
        try Scratch.with { scratch in
            let run = try Execution.run(
                [Scratch.program(named: "latchkeyd"), "run", "--docker"],
                environment: scratch.environment.merging(["DOCKER_HOST": host]) { $1 }
            )
            #expect(run.status == 1)
            #expect(
                run.error == """
                    latchkeyd: error: DOCKER_HOST is '\(host)': only an engine of this machine launches instances
                    latchkeyd: hint: --docker-socket names its socket

                    """
            )
        }
    }
}
