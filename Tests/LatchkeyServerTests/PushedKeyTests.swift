// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Keys that are let in for a minute, by instances whose sshd asks the agent for them.
@Suite(.enabled(if: Engine.current == .docker, "containers are what this is about"))
struct PushedKeyTests {
    @Test func `without any key, SSH is opened with one that is made for the connection`() throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: "") { container in
                    // Nothing is told: no address answers, no key is there.
                    let run = try scratch.latchkey("connect", "admin@web-1", "--", "id -un; echo err >&2; exit 3")
                    #expect(run.status == 3)
                    #expect(run.text == "admin\n")
                    #expect(run.error.contains("pushing a key made for this connection"))
                    #expect(run.error.hasSuffix("err\n"))
                    #expect(!run.error.contains("going through the relay"))
                    // It is SSH: the variable is sshd's.
                    let over = try scratch.latchkey(
                        "connect",
                        "admin@web-1",
                        "--road",
                        "ssh-over-relay",
                        "--",
                        "test -n \"$SSH_CONNECTION\""
                    )
                    #expect(over.status == 0, "\(over.error)")
                    // A user who was asked for and whom sshd does not let in is not entered as by another road.
                    let root = try scratch.latchkey("connect", "root@web-1", "--", "id -un")
                    #expect(root.status == 255 && root.text == "", "\(root.text)")
                    #expect(root.error.contains("does not let 'root' in"), "\(root.error)")
                    #expect(root.error.contains("--road relay opens a shell past sshd"), "\(root.error)")
                    // Nor by the agent, unless it was told.
                    let past = try scratch.latchkey("connect", "root@web-1", "--road", "relay", "--", "id -un")
                    #expect(past.status == 255 && past.text == "", "\(past.text)")
                    #expect(past.error.contains("the agent opens no session as 'root'"), "\(past.error)")
                    let others = try scratch.latchkey("explain", "root@web-1").text
                    #expect(others.contains("not where sshd refuses 'root'"), "\(others)")
                    #expect(others.contains("--allow-user root"), "\(others)")
                    // No file was touched.
                    #expect(try container.shell("cat /home/admin/.ssh/authorized_keys 2>/dev/null || true").text == "")
                    let told = try scratch.latchkey("explain", "web-1", "-u", "admin")
                    #expect(told.text.contains("a key can be pushed for the connection"))
                    // Keys are changed that way, too, where no port is reached and none fits.
                    for (name, verb, option) in [("new", "install", "--key"), ("newer", "replace", "--with")] {
                        _ = try scratch.latchkey("key", "create", name)
                        let words = ["key", verb, "web-1", "-u", "admin", option, name]
                        let change = try scratch.latchkey(words)
                        #expect(change.status == 0, "\(change.error)")
                        let entry = ["connect", "admin@web-1", "--key", name, "--", "echo in"]
                        #expect(try scratch.latchkey(entry).text == "in\n")
                    }
                    let direct = try scratch.latchkey(
                        "key",
                        "install",
                        "web-1",
                        "-u",
                        "admin",
                        "--key",
                        "new",
                        "--road",
                        "ssh"
                    )
                    #expect(direct.status == 1, "\(direct.text)")
                }
            }
        }
    }

    @Test func `a key pushed by an AWS tool opens for its user, and for nobody else`() throws {
        try Scratch.with { scratch in
            for name in ["first", "second", "never"] {
                try Execution.require([
                    "ssh-keygen", "-q", "-t", name == "second" ? "rsa" : "ed25519", "-N", "", "-f",
                    "\(scratch.path)/\(name)",
                ])
            }
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: "") { container in
                    let listed = try scratch.latchkey("instance", "list", "-o", "json").text
                    let id = try #require(listed.firstMatch(of: /"id" ?: ?"([^"]+)"/)?.1)
                    for name in ["first", "second"] {
                        let line = try scratch.read("\(scratch.path)/\(name).pub")
                        try relay.python(
                            """
                            connect = boto3.client('ec2-instance-connect', endpoint_url=SERVER['endpoint'],
                                region_name=SERVER['region'], verify=SERVER['authorities'],
                                aws_access_key_id=SERVER['accessKeyID'],
                                aws_secret_access_key=SERVER['secretAccessKey'], config=Config(retries={'max_attempts': 1}))
                            assert connect.send_ssh_public_key(InstanceId=sys.argv[2], InstanceOSUser='admin',
                                SSHPublicKey=sys.argv[3])['Success'] is True
                            """,
                            String(id),
                            line
                        )
                    }
                    func enter(_ name: String, _ user: String = "admin") throws -> Execution {
                        try scratch.latchkey(
                            "connect",
                            "\(user)@web-1",
                            "-i",
                            "\(scratch.path)/\(name)",
                            "--road",
                            "ssh-over-relay",
                            "--",
                            "id -un"
                        )
                    }
                    #expect(try enter("first").text == "admin\n")
                    #expect(try enter("second").text == "admin\n")
                    #expect(try enter("never").status == 255)
                    try container.shell("useradd --create-home --password '*' other")
                    #expect(try enter("first", "other").status == 255)
                }
            }
        }
    }
}

extension RelayTests {
    struct InstanceConnect {
        @Test func `a registered machine takes keys, of the kinds that EC2 knows, and not too many at once`() throws {
            try RelayTests.with { scratch, relay, agent in
                try Execution.require([
                    "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", "\(scratch.path)/ecdsa",
                ])
                try Execution.require([
                    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/good",
                ])
                let answer = try relay.python(
                    """
                    target, folder = sys.argv[2:]
                    connect = boto3.client('ec2-instance-connect', endpoint_url=SERVER['endpoint'],
                        region_name=SERVER['region'], verify=SERVER['authorities'], aws_access_key_id=SERVER['accessKeyID'],
                        aws_secret_access_key=SERVER['secretAccessKey'], config=Config(retries={'max_attempts': 1}))
                    good = open(folder + '/good.pub').read()
                    def push(instance=target, user='admin', key=good):
                        return code(connect.send_ssh_public_key, InstanceId=instance, InstanceOSUser=user, SSHPublicKey=key)
                    assert push() == push() == 'accepted'
                    assert push(key=open(folder + '/ecdsa.pub').read()) == 'InvalidArgsException'
                    # No more than 256 wait for one user, for 60 seconds each: which is which depends on how long this takes.
                    import base64, struct, time
                    accepted, refused = [], 0
                    for n in range(600):
                        blob = struct.pack('>I', 11) + b'ssh-ed25519' + struct.pack('>I', 32) + n.to_bytes(32, 'big')
                        began = time.monotonic()
                        answer = push(user='many', key='ssh-ed25519 ' + base64.b64encode(blob).decode() + ' comment')
                        ended = time.monotonic()
                        if sum(then > began - 61 for _, then in accepted) < 256: assert answer == 'accepted', (n, answer)
                        if sum(then > ended - 59 for then, _ in accepted) >= 256:
                            assert answer == 'ThrottlingException', (n, answer)
                        if answer == 'accepted': accepted.append((began, ended))
                        else: refused += 1
                        if refused == 6: break
                    # A machine that is too busy never gets so far.
                    assert refused == 6 or accepted[-1][1] - accepted[-256][0] > 60, (refused, len(accepted))
                    print('good')
                    """,
                    agent.instanceID,
                    scratch.path
                )
                #expect(answer == "good")
            }
        }
    }
}
