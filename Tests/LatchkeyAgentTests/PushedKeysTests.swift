// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyAgent

extension ProcessTests {
    /// What sshd is told, and what is waited for.
    struct PushedKeyAnswers {
        private static let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

        private static func at(_ milliseconds: Int64, boot: String = "first") -> BootClock {
            BootClock(boot: boot, milliseconds: milliseconds)
        }

        @Test func `work that never ends is not waited for`() {
            let gate = DispatchSemaphore(value: 0)
            // It goes on until it is let go, which only a return can do.
            #expect(TimeLimit.run(50) { gate.wait() } == nil)
            gate.signal()
            #expect(TimeLimit.run(60_000) { 7 } == 7)
            // Other tests count what is open.
            #expect(Local.eventually { !Threads.areRunning })
        }

        @Test func `a key of the last answer counts for as long as the relay would let it in, and no longer`() {
            let answer = LastPushedKeys(
                [("a", 500), ("b", 8000), ("c", .max), ("d", 0), ("e", .min)],
                askedAt: Self.at(1000)
            )
            #expect(answer.lines(at: Self.at(1000)) == ["a", "b", "c"])
            #expect(answer.lines(at: Self.at(1499)) == ["a", "b", "c"])
            #expect(answer.lines(at: Self.at(1500)) == ["b", "c"])
            // Never longer than a pushed key lives, whatever the relay says.
            #expect(answer.lines(at: Self.at(60_999)) == ["c"])
            #expect(answer.lines(at: Self.at(61_000)) == [])
            // Nobody knows how long the machine was off.
            #expect(answer.lines(at: Self.at(1001, boot: "second")) == [])
        }

        @Test func `a relay that was silent is waited for less, for a while, and takes no key away`() {
            let answer = LastPushedKeys([("a", 49_000)], askedAt: Self.at(1000))
            #expect(!answer.wasSilent(at: Self.at(1000)))
            let silent = answer.silent(since: Self.at(2000))
            #expect(silent.lines(at: Self.at(3000)) == ["a"])
            #expect(silent.wasSilent(at: Self.at(61_999)) && !silent.wasSilent(at: Self.at(62_000)))
            // That is not put off by asking.
            #expect(silent.silent(since: Self.at(50_000)) == silent)
            #expect(silent.silent(since: Self.at(62_000)).wasSilent(at: Self.at(100_000)))
            #expect(!silent.wasSilent(at: Self.at(3000, boot: "second")))
            // Nor are keys of before the machine's new start.
            #expect(silent.silent(since: Self.at(3000, boot: "second")).lines(at: Self.at(3001, boot: "second")) == [])
            #expect(LastPushedKeys([], askedAt: Self.at(1000)) == .none)
        }

        @Test func `what was kept is read again, by its own user's name`() throws {
            try Scratch.with { scratch in
                let keys = LastPushedKeys([("a", 49_000)], askedAt: Self.at(1000))
                let memory = PushedKeyMemory(user: "../admin", stateFolder: scratch.path)
                #expect(try memory.read() == .none)
                try memory.write(keys)
                #expect(try memory.read() == keys)
                #expect(try PushedKeyMemory(user: "admin", stateFolder: scratch.path).read() == .none)
                let folder = "\(scratch.path)/pushed-keys"
                let files = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(files.count == 1)
                for (path, mode) in [(folder, 0o700), ("\(folder)/\(files[0])", 0o600)] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    #expect(attributes[.posixPermissions] as? Int == mode)
                }
                try memory.write(.none)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
                try memory.write(.none)
                // What is damaged counts for nothing.
                try scratch.write("\(folder)/\(files[0])", "{\"keys\":[")
                #expect(try memory.read() == .none)
            }
        }

        @Test func `a relay that takes connections and never answers lets in who was let in, and nobody else`() throws {
            try Scratch.with { scratch in
                let server = try Listener()
                try MachineKeyFile.register(in: scratch, at: "http://127.0.0.1:\(server.port)")
                let words = Mutex<[String]>([])
                func list(_ user: String) throws -> [String] {
                    try PushedKeys.list(for: user, stateFolder: scratch.path) { line in
                        words.withLock { $0.append(line) }
                    }
                }
                let now = BootClock.now()
                try PushedKeyMemory(user: "admin", stateFolder: scratch.path)
                    .write(LastPushedKeys([(Self.line, 60_000)], askedAt: now).silent(since: now))
                #expect(try list("admin") == [Self.line])
                #expect(words.withLock { $0 }.count == 1)
                #expect(throws: LatchkeyError.self) { try list("other") }
                // The next one does not wait as long.
                let memory = PushedKeyMemory(user: "other", stateFolder: scratch.path)
                #expect(try memory.read().wasSilent(at: BootClock.now()))
                #expect(words.withLock { $0 }.count == 1)
                #expect(Local.eventually { !Threads.areRunning })
            }
        }
    }
}

/// A machine that is registered, as far as its own files say.
private enum MachineKeyFile {
    static func register(in scratch: Scratch, at endpoint: String) throws {
        let content = """
            {"instanceID":"mi-0123456789abcdef0","endpoint":"\(endpoint)","region":"local","fingerprint":"x"}
            """
        try scratch.write("registration.json", content)
        try StateFile.write("\(scratch.path)/agent-key.pem", secret: try MachineKey.generate().pem())
    }
}
