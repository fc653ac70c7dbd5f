// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `key replace` over a fleet, with everything killed again and again.
struct KeyRotationTests {
    /// Many homes behind sshds, each an instance of its own with the tag `fleet=x`, all opened by the key pair `old`.
    ///
    /// In a container they are users of one machine; without an engine, sshds of their own.
    private static func with(
        _ count: Int,
        _ body: (Scratch, [(name: String, user: String, machine: TestInstance)]) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "old")
            _ = try scratch.latchkey("key", "create", "new")
            let old = try scratch.latchkey("key", "show", "old", "--public-key").line
            func add(_ name: String, _ user: String, _ machine: TestInstance) throws {
                try machine.add(name, to: scratch, key: "old")
                try scratch.execute(
                    "UPDATE instance SET user = '\(user)' WHERE id = (SELECT instanceID FROM instanceTag WHERE value = '\(name)')"
                )
                _ = try scratch.latchkey("instance", "tag", name, "fleet=x")
            }
            if Engine.current == .docker {
                try TestInstance.with(authorizing: ["# theirs", old], options: ["MaxAuthTries=2"]) { machine in
                    let homes = try machine.makeUsers(count).map { (name: "web-\($0)", user: $0, machine: machine) }
                    for home in homes { try add(home.name, home.user, machine) }
                    try body(scratch, homes)
                }
            } else {
                func nest(_ homes: [(name: String, user: String, machine: TestInstance)]) throws {
                    guard homes.count < count else { return try body(scratch, homes) }
                    try TestInstance.with(authorizing: ["# theirs", old], options: ["MaxAuthTries=2"]) { machine in
                        let name = "web-\(homes.count + 1)"
                        try add(name, machine.user, machine)
                        try nest(homes + [(name, machine.user, machine)])
                    }
                }
                try nest([])
            }
        }
    }

    /// Which of the two keys open each instance, by logins. An instance that refuses a key has said so; one that cannot be
    /// reached just then, among all that was killed on it, has said nothing, and is asked again.
    private static func doors(_ scratch: Scratch, _ names: [String]) throws -> [String: Set<String>] {
        // One process for all: a shell that tries both keys at each door.
        let script = """
            for name in "$@"; do for key in old new; do
                for attempt in 1 2 3 4 5 6; do
                    said=$("$0" connect "$name" --key $key -- 'echo in' 2>&1)
                    case $said in
                    in) echo "$name $key"; break;;
                    *"does not let"*" in with "*) break;;
                    *) [ $attempt = 6 ] && { echo "$name: $said" >&2; exit 1; };;
                    esac
                done
            done; done
            """
        let run = try Execution.require(
            ["bash", "-c", script, Scratch.program] + names,
            environment: scratch.environment,
            timeout: 6 * Execution.timeout
        )
        var doors: [String: Set<String>] = [:]
        for line in run.text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            doors[words[0], default: []].insert(words[1])
        }
        return doors
    }

    @Test func `fifty homes, killed at random again and again, are never locked, and end up with the new key alone`()
        throws
    {
        try Self.with(50) { scratch, homes in
            let names = homes.map(\.name)
            // Kills the program at a random moment, and shells on the instances at others.
            let script = """
                "$0" key replace --on tag:fleet=x --with new --jobs 8 >/dev/null 2>&1 & pid=$!
                sleep 0.$1; kill -9 $pid; wait $pid 2>/dev/null; true
                """
            for round in 0..<8 {
                let delay = String(format: "%03d", Int.random(in: 60..<700))
                let killers = DispatchGroup()
                let machines = homes.map(\.machine)
                DispatchQueue.global()
                    .async(group: killers) {
                        for _ in 0..<6 {
                            try? machines.randomElement()?.killShells()
                            usleep(UInt32.random(in: 20_000..<120_000))
                        }
                    }
                try Execution.require(["bash", "-c", script, Scratch.program, delay], environment: scratch.environment)
                killers.wait()
                if round % 4 == 3 {
                    let doors = try Self.doors(scratch, names)
                    for name in names { #expect(doors[name]?.isEmpty == false, "\(name) is locked") }
                }
            }
            let run = try scratch.latchkey(
                "key",
                "replace",
                "--on",
                "tag:fleet=x",
                "--with",
                "new",
                "-o",
                "json",
                timeout: 6 * Execution.timeout
            )
            #expect(run.status == 0, "\(run)")
            let doors = try Self.doors(scratch, names)
            for name in names { #expect(doors[name] == ["new"], "\(name): \(doors[name] ?? [])") }
            // Nothing of what was killed is left behind, and what was there before is still there.
            for home in homes where Engine.current == .docker {
                let folder = "/home/\(home.user)/.ssh"
                let left = try home.machine.privilegedShell("ls -A \(folder); head -n 1 \(folder)/authorized_keys").text
                #expect(left == "authorized_keys\n# theirs\n", "\(home.name): \(left)")
            }
        }
    }

    /// A step of the script on the instance: the tool that it calls, and the how-manieth call of the two writes.
    struct Step: CustomTestStringConvertible, Sendable {
        let tool: String
        let call: Int
        let isBefore: Bool
        var testDescription: String { "\(isBefore ? "before" : "after") \(tool) \(call)" }
    }

    static let steps = [("cp", 2), ("sync", 4), ("mv", 2)]
        .flatMap { tool, calls in
            (1...calls).flatMap { call in [true, false].map { Step(tool: tool, call: call, isBefore: $0) } }
        }

    @Test(.enabled(if: Engine.current == .docker, "needs a container"), arguments: steps)
    func `killed at each step on the instance, one key opens, and a second run finishes`(step: Step) throws {
        try Self.with(1) { scratch, homes in
            let (name, machine) = (homes[0].name, homes[0].machine)
            // Stands before the tool in the path, and kills the script that calls it.
            let kill = "[ \"$n\" = \(step.call) ] && kill -9 $PPID"
            let shim = """
                n=$(($(cat /tmp/calls 2>/dev/null || echo 0) + 1)); echo $n >/tmp/calls; chmod 666 /tmp/calls
                \(step.isBefore ? kill : ":"); /usr/bin/\(step.tool) "$@"; status=$?; \(step.isBefore ? ":" : kill); exit $status
                """
            try machine.privilegedShell(
                "cat >/usr/local/bin/\(step.tool) <<'END'\n#!/bin/sh\n\(shim)\nEND\nchmod 755 /usr/local/bin/\(step.tool)"
            )
            let cut = try scratch.latchkey("key", "replace", name, "--with", "new")
            #expect(cut.status == 1, "\(cut)")
            try machine.privilegedShell("rm /usr/local/bin/\(step.tool)")
            #expect(try Self.doors(scratch, [name])[name]?.isEmpty == false)
            let run = try scratch.latchkey("key", "replace", name, "--with", "new")
            #expect(run.status == 0, "\(run)")
            #expect(try Self.doors(scratch, [name])[name] == ["new"])
            let folder = "/home/\(homes[0].user)/.ssh"
            #expect(try machine.privilegedShell("ls -A \(folder)").text == "authorized_keys\n")
        }
    }

    @Test func `a fleet ends with a table of what was done, left and failed`() throws {
        try Self.with(3) { scratch, homes in
            // One is done already, one cannot be reached.
            _ = try scratch.latchkey("key", "replace", homes[0].name, "--with", "new")
            _ = try scratch.latchkey("instance", "add", "gone", "--address", "127.0.0.1:9", "--tag", "fleet=x")
            let run = try scratch.latchkey("key", "replace", "--on", "tag:fleet=x", "--with", "new")
            #expect(run.status == 1)
            let lines = run.text.split(separator: "\n")
            #expect(lines.count == homes.count + 2, "\(run)")
            #expect(lines.count { $0.contains(" replaced ") } == homes.count - 1, "\(run)")
            #expect(lines.count { $0.contains(" unchanged ") } == 1, "\(run)")
            #expect(lines.contains { $0.hasPrefix("gone") && $0.contains("cannot reach") }, "\(run)")
            #expect(run.error == "latchkey: \(homes.count - 1) replaced, 1 unchanged, 1 failed\n", "\(run)")
        }
    }

    @Test func `a bar shows how far it has come`() throws {
        try Self.with(3) { scratch, _ in
            try Screen.with(scratch) { screen in
                // Slow enough to be seen: one after the other, the screen recorded.
                try screen.enter(
                    "script -qc '\(Scratch.program) key install --on tag:fleet=x --key new -j 1' \(scratch.home)/log >/dev/null; echo ov''er"
                )
                try screen.expect("over")
                let log = try scratch.read("\(scratch.home)/log")
                #expect(log.contains("installing [........................] 0/3"))
                #expect(log.contains("2/3"))
                #expect(log.contains("latchkey: 3 installed"))
            }
        }
    }
}
