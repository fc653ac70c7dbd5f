// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

struct HostFactsTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmbxrzbzuU0WwAuTgVRA+W0pbGVhLpUb61zkM+HBcGl"

    @Test func `this machine is described`() throws {
        try Scratch.with { scratch in
            let facts = HostFacts.gather(stateFolder: scratch.path)
            #expect(try facts.hostName == Execution.require(["uname", "-n"]).line)
            let name = try Execution.require(["sh", "-c", ". /etc/os-release; echo \"$NAME|$VERSION_ID\""]).line
            #expect("\(facts.systemName)|\(facts.systemVersion)" == name)
            #expect(facts.kernel == "Linux")
            #expect(facts.addresses.allSatisfy { !$0.hasPrefix("127.") && !$0.hasPrefix("fe80") && $0 != "::1" })
            #expect(facts.address == "127.0.0.1" || facts.addresses.contains(facts.address))
            #expect(UUID(uuidString: facts.fingerprint) != nil)
            #expect(HostFacts.gather(stateFolder: scratch.path) == facts)
        }
    }

    @Test func `host keys are read, and nothing else`() throws {
        try Scratch.with { scratch in
            try scratch.write("ssh_host_ed25519_key.pub", "\(Self.key) root@host\n")
            try scratch.write("ssh_host_ed25519_key", "secret\n")
            try scratch.write("ssh_host_rsa_key.pub", "garbage\n")
            try scratch.write("other.pub", "\(Self.key)\n")
            // A reader that waits would wait for ever.
            #expect(mkfifo("\(scratch.path)/ssh_host_dsa_key.pub", 0o600) == 0)
            #expect(HostFacts.hostKeys(in: scratch.path).map(\.line) == [Self.key])
            #expect(HostFacts.hostKeys(in: "\(scratch.path)/nowhere") == [])
        }
    }

    @Test func `the port is the one that sshd would read first`() throws {
        try Scratch.with { scratch in
            func port(_ configuration: String) throws -> Int {
                try scratch.write("sshd_config", configuration)
                return HostFacts.sshPort(in: scratch.path)
            }
            #expect(HostFacts.sshPort(in: scratch.path) == 22)
            #expect(try port("#Port 2200\nUsePAM yes\n") == 22)
            #expect(try port("  port=2201\nPort 2202\n") == 2201)
            #expect(try port("Match User x\nPort 2203\n") == 22)
            #expect(try port("Port 99999\n") == 22)
            let parts = "\(scratch.path)/sshd_config.d"
            try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
            try scratch.write("\(parts)/20.conf", "Port 2220\n")
            try scratch.write("\(parts)/10.conf", "Port \"2210\"\n")
            try scratch.write("\(parts)/05.conf.bak", "Port 2205\n")
            #expect(try port("Port 2204\n") == 2204)
            #expect(try port("Include /etc/ssh/sshd_config.d/*.conf\nPort 2204\n") == 2210)
        }
    }

    @Test func `os-release is read as a shell would`() throws {
        try Scratch.with { scratch in
            let path = try scratch.write("os", "NAME=\"A \\\"B\\\" C\"\nVERSION_ID='12'\nVERSION=x\n")
            #expect(HostFacts.operatingSystem([path]) == ("A \"B\" C", "12"))
            #expect(HostFacts.operatingSystem(["/nowhere", path]) == ("A \"B\" C", "12"))
            #expect(HostFacts.operatingSystem(["/nowhere"]) == ("Linux", ""))
        }
    }

    @Test func `a fingerprint is the machine's, or else is kept`() throws {
        try Scratch.with { scratch in
            try FileManager.default.createDirectory(atPath: "\(scratch.path)/etc", withIntermediateDirectories: true)
            func compute(_ state: String = scratch.path) -> String {
                MachineFingerprint.compute(root: scratch.path, stateFolder: state)
            }
            let random = compute()
            #expect(compute() == random)
            #expect(compute(scratch.home) != random)
            try scratch.write("etc/machine-id", "uninitialized\n")
            #expect(compute() == random)
            try scratch.write("etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n")
            let own = compute()
            #expect(own != random && compute(scratch.home) == own && UUID(uuidString: own) != nil)
            let hardware = "\(scratch.path)/sys/class/dmi/id"
            try FileManager.default.createDirectory(atPath: hardware, withIntermediateDirectories: true)
            try scratch.write("\(hardware)/product_uuid", "4C4C4544-0000-2010-8020-80C04F202020\n")
            let whole = compute()
            #expect(whole != own)
            // A registration that root made, or somebody who may not read the hardware's; and another machine's.
            func isOwn(_ fingerprint: String) -> Bool {
                MachineFingerprint.isOwn(fingerprint, root: scratch.path, stateFolder: scratch.path)
            }
            #expect(isOwn(whole) && isOwn(own) && !isOwn(random))
            try scratch.write("etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda5\n")
            #expect(!isOwn(whole) && !isOwn(own))
        }
    }
}
