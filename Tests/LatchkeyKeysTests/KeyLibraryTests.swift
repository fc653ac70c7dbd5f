// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySSH
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyKeys

struct KeyLibraryTests {
    /// A folder of keys with an index; each library stands for one run of the program.
    private struct Bed {
        let scratch: Scratch
        var folder: String { "\(scratch.path)/keys" }
        var indexPath: String { "\(scratch.path)/index" }

        func library() -> KeyLibrary { KeyLibrary(folders: [folder], indexPath: indexPath, agent: nil) }

        @discardableResult
        func create(_ name: String) throws -> PublicKey {
            try KeyDirectory(path: folder).create(name, type: .ed25519).publicKey
        }

        func paths(_ key: PublicKey) -> [String] { library().candidates(for: key).compactMap(\.path) }

        /// Gives a file the times of another, so that only its content tells that it was replaced.
        func age(_ name: String, seconds: Int = 100) throws {
            try Execution.require([
                "touch", "-d", "@\(Int(Date().timeIntervalSince1970) - seconds)", "\(folder)/\(name).pem",
            ])
        }
    }

    private func with(_ body: (Bed) throws -> Void) throws {
        try Scratch.with { try body(Bed(scratch: $0)) }
    }

    @Test func `a key is found by its public half, after files came, changed and went`() throws {
        try with { bed in
            let (a, b) = (try bed.create("a"), try bed.create("b"))
            #expect(bed.paths(a) == ["\(bed.folder)/a.pem"])
            let c = try bed.create("c")
            #expect(bed.paths(c) == ["\(bed.folder)/c.pem"])
            try FileManager.default.removeItem(atPath: "\(bed.folder)/a.pem")
            #expect(bed.paths(a).isEmpty)
            try FileManager.default.moveItem(atPath: "\(bed.folder)/b.pem", toPath: "\(bed.folder)/a.pem")
            #expect(bed.paths(b) == ["\(bed.folder)/a.pem"])
        }
    }

    @Test func `a key that was replaced by one of the same size and second is seen`() throws {
        try with { bed in
            let old = try bed.create("a")
            try bed.age("a")
            #expect(bed.paths(old).count == 1)
            let new = try KeyDirectory(path: "\(bed.scratch.path)/other").create("a", type: .ed25519)
            try Execution.require(["cp", new.path, "\(bed.folder)/a.pem"])
            try bed.age("a")
            #expect(bed.paths(old).isEmpty)
            #expect(bed.paths(new.publicKey).count == 1)
        }
    }

    @Test(arguments: [0, 7, 9, 20, 40, 60, 200]) func `a damaged index is rebuilt`(offset: Int) throws {
        try with { bed in
            let key = try bed.create("a")
            #expect(bed.paths(key).count == 1)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: bed.indexPath))
            bytes[offset] ^= 0x55
            try bytes.write(to: URL(fileURLWithPath: bed.indexPath))
            #expect(KeyIndex.load(bed.indexPath).count == 0)
            #expect(bed.paths(key).count == 1)
            #expect(KeyIndex.load(bed.indexPath).count == 1)
        }
    }

    @Test func `an index that was cut off anywhere is as good as none`() throws {
        try with { bed in
            let key = try bed.create("a")
            #expect(bed.paths(key).count == 1)
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bed.indexPath)))
            for length in bytes.indices { #expect(KeyIndex(checking: Array(bytes[..<length])) == nil) }
            #expect(KeyIndex(checking: bytes)?.count == 1)
        }
    }

    @Test func `a key that was written over in place, its times set back, is seen`() throws {
        try with { bed in
            let (a, b) = (try bed.create("a"), try bed.create("b"))
            let path = "\(bed.folder)/a.pem"
            try bed.age("a")
            #expect(bed.paths(a).count == 1)
            // The same inode, the same size, the same time of change.
            let script = "touch -r $0 $2; dd if=$1 of=$0 conv=notrunc status=none; touch -r $2 $0"
            try Execution.require(["bash", "-c", script, path, "\(bed.folder)/b.pem", "\(bed.scratch.path)/times"])
            #expect(bed.paths(a).isEmpty)
            #expect(bed.paths(b).count == 2)
        }
    }

    @Test func `many files, gone through by several threads, are told as few are`() throws {
        try with { bed in
            let (a, b) = (try bed.create("a"), try bed.create("b"))
            let (first, second) = (
                try bed.scratch.read("\(bed.folder)/a.pem"), try bed.scratch.read("\(bed.folder)/b.pem")
            )
            for number in 0..<3000 {
                try bed.scratch.write("\(bed.folder)/copy-\(number)", number % 3 == 0 ? second : first)
            }
            #expect(bed.paths(a).count == 2001 && bed.paths(b).count == 1001)
            #expect(KeyIndex.load(bed.indexPath).count == 3002)
            for number in 0..<10 { try FileManager.default.removeItem(atPath: "\(bed.folder)/copy-\(number)") }
            try bed.scratch.write("\(bed.folder)/copy-11", second)
            // Nothing fits, so that every file is looked at again.
            let other = try KeyDirectory(path: "\(bed.scratch.path)/other").create("x", type: .ed25519).publicKey
            #expect(bed.paths(other).isEmpty)
            #expect(KeyIndex.load(bed.indexPath).count == 2992)
            #expect(bed.paths(a).count == 2001 - 6 - 1 && bed.paths(b).count == 1001 - 4 + 1)
        }
    }

    @Test func `a file that is written while it is read gives only keys that it held`() throws {
        try with { bed in
            let names = ["a", "b"]
            let keys = try names.map(bed.create)
            let texts = try names.map { Array(try bed.scratch.read("\(bed.folder)/\($0).pem").utf8) }
            let path = "\(bed.folder)/torn"
            try bed.scratch.write(path, String(decoding: texts[0], as: UTF8.self))
            let isOver = Mutex(false)
            let writes = Mutex(0)
            let hasEnded = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                while !isOver.withLock({ $0 }) {
                    // In two halves, over what is there.
                    let text = texts[writes.withLock { $0 } % 2]
                    let file = open(path, O_WRONLY | O_TRUNC)
                    _ = write(file, Array(text[..<200]), 200)
                    _ = write(file, Array(text[200...]), text.count - 200)
                    close(file)
                    writes.withLock { $0 += 1 }
                }
                hasEnded.signal()
            }
            var round = 0
            while round < 200 || writes.withLock({ $0 }) <= 10 {
                let own = "\(bed.folder)/\(names[round % 2]).pem"
                let found = bed.paths(keys[round % 2])
                #expect(found.contains(own) && Set(found).isSubset(of: [own, path]))
                round += 1
            }
            isOver.withLock { $0 = true }
            hasEnded.wait()
            let count = writes.withLock { $0 }
            // What was written last is what is found, however often the file changed within a second.
            for name in names { try FileManager.default.removeItem(atPath: "\(bed.folder)/\(name).pem") }
            #expect(bed.paths(keys[(count - 1) % 2]) == [path])
            #expect(bed.paths(keys[count % 2]).isEmpty)
        }
    }

    @Test func `several processes at once leave an index that holds`() throws {
        try with { bed in
            let home = bed.scratch.latchkeyHome
            let script = """
                for n in $(seq 40); do "$0" key create k$n >/dev/null 2>&1 & done; wait
                for n in $(seq 12); do "$0" key list >/dev/null 2>&1 & done
                rm $LATCHKEY_HOME/keys/k1.pem; wait; "$0" key list | grep -c '/keys/k'
                """
            let run = try Execution.require(
                ["bash", "-c", script, Scratch.program],
                environment: bed.scratch.environment
            )
            #expect(run.line == "39")
            #expect(KeyIndex.load("\(home)/key-index").count == 39)
            #expect(try FileManager.default.contentsOfDirectory(atPath: home).filter { $0.contains("new-") }.isEmpty)
        }
    }

    @Test func `a file that was read right after it changed is read again`() throws {
        let identity = KeyFile.Identity(device: 1, inode: 2, size: 3, modified: 5_000_000_000, changed: 5_000_000_000)
        #expect(!KeyIndex.Record(identity: identity, seen: 6_000_000_000, kind: .key).isSettled)
        #expect(KeyIndex.Record(identity: identity, seen: 8_000_000_000, kind: .key).isSettled)
    }

    @Test(arguments: ["2400-01-01", "1800-01-01", "9999-01-01"]) func `a file of a far time is read like any other`(
        date: String
    ) throws {
        try with { bed in
            let key = try bed.create("a")
            try Execution.require(["touch", "-d", date, "\(bed.folder)/a.pem"])
            for _ in 1...2 { #expect(bed.paths(key).count == 1) }
        }
    }

    @Test func `what is no key is passed over, what is broken is told with the reason`() throws {
        try with { bed in
            let key = try bed.create("good")
            try bed.scratch.write("\(bed.folder)/README", "hello", mode: 0o644)
            try bed.scratch.write("\(bed.folder)/broken.pem", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
            let library = bed.library()
            #expect(library.unusable().map(\.path) == ["\(bed.folder)/broken.pem"])
            #expect(library.unusable().map(\.fault) == [.malformed])
            #expect(library.ranked(names: [], limit: 10).candidates.map(\.publicKey) == [key])
        }
    }

    @Test func `the likely keys come first, and those beyond the limit are counted`() throws {
        try with { bed in
            for name in ["a", "b", "web-1", "z"] { try bed.create(name) }
            try FileManager.default.moveItem(atPath: "\(bed.folder)/z.pem", toPath: "\(bed.folder)/id_ed25519")
            let (candidates, total) = bed.library().ranked(names: ["web-1"], limit: 3)
            #expect(
                candidates.compactMap(\.path) == ["web-1.pem", "id_ed25519", "a.pem"].map { "\(bed.folder)/\($0)" }
            )
            #expect(total == 4)
        }
    }

    @Test func `an encrypted PEM file is found by the .pub file beside it`() throws {
        try with { bed in
            try bed.create("x")
            let path = "\(bed.folder)/pem"
            try Execution.require([
                "ssh-keygen", "-q", "-m", "PEM", "-t", "rsa", "-b", "2048", "-N", "secret", "-f", path,
            ])
            let key = try #require(PublicKey(line: try bed.scratch.read("\(path).pub")))
            let found = bed.library().candidates(for: key)
            #expect(found.map(\.path) == [path])
            #expect(found.first?.isClaimed == true)
            #expect(found.first?.isEncrypted == true)
        }
    }

    @Test func `a file beats the agent, the agent a passphrase`() throws {
        try with { bed in
            let folder = bed.folder
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/plain"])
            let key = try #require(PublicKey(line: try bed.scratch.read("\(folder)/plain.pub")))
            try SSHAgent.with(bed.scratch) { agent in
                try agent.add("\(folder)/plain")
                let address = SSHAgentClient(path: agent.socket)
                func sources() -> [Bool] {
                    KeyLibrary(folders: [folder], indexPath: bed.indexPath, agent: address).candidates(for: key)
                        .map { $0.path == nil }
                }
                #expect(sources() == [false, true])
                try Execution.require(["ssh-keygen", "-p", "-q", "-P", "", "-N", "secret", "-f", "\(folder)/plain"])
                #expect(sources() == [true, false])
            }
        }
    }
}
