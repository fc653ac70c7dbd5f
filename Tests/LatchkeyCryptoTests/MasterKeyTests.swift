// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import LatchkeyModel
import LatchkeyTestSupport
import Testing

struct MasterKeyTests {
    @Test func `what is sealed opens again, with the key from the file and the same context only`() throws {
        try Scratch.with { scratch in
            let file = "\(scratch.path)/master-key"
            let key = try MasterKey(file: file)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600 && attributes[.size] as? Int == 32)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.contains("new-") } == []
            )
            for count in [0, 1, 15, 16, 17, 10_000] {
                let bytes = Random.bytes(count)
                let sealed = try key.seal(bytes, context: "a")
                #expect(sealed.count == count + 28)
                #expect(try sealed != key.seal(bytes, context: "a"))
                #expect(try MasterKey(file: file).open(sealed, context: "a") == bytes)
                #expect(key.open(sealed, context: "b") == nil && key.open(sealed, context: "") == nil)
            }
            #expect(try key.open(key.seal([1], context: ""), context: "") == [1])
            let other = try MasterKey(file: "\(scratch.path)/other")
            #expect(try other.open(key.seal([1, 2, 3], context: "a"), context: "a") == nil)
        }
    }

    @Test func `every changed bit is noticed`() throws {
        try Scratch.with { scratch in
            let key = try MasterKey(file: "\(scratch.path)/master-key")
            let sealed = try key.seal(Array("secret".utf8), context: "a")
            for place in 0..<(8 * sealed.count) {
                var changed = sealed
                changed[place / 8] ^= 1 << UInt8(place % 8)
                #expect(key.open(changed, context: "a") == nil)
            }
            for count in 0..<sealed.count { #expect(key.open(Array(sealed[..<count]), context: "a") == nil) }
            #expect(key.open(sealed + [0], context: "a") == nil)
        }
    }

    /// NIST's GCM vectors (McGrew and Viega, test case 14): AES-256, a key and nonce of zeros, one block of zeros.
    @Test func `it is AES-256-GCM`() throws {
        try Scratch.with { scratch in
            let file = try scratch.write("key", String(repeating: "\0", count: 32))
            let nonce = [UInt8](repeating: 0, count: 12)
            let rest = try #require(Hex.decode("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
            #expect(try MasterKey(file: file).open(nonce + rest, context: "") == [UInt8](repeating: 0, count: 16))
        }
    }

    @Test func `many that start at once agree on one key`() throws {
        try Scratch.with { scratch in
            let file = "\(scratch.path)/master-key"
            let sealed = Collected()
            DispatchQueue.concurrentPerform(iterations: 16) { _ in
                if let bytes = try? MasterKey(file: file).seal([1], context: "") { sealed.append(bytes) }
            }
            let key = try MasterKey(file: file)
            #expect(sealed.all.count == 16)
            for bytes in sealed.all { #expect(key.open(bytes, context: "") == [1]) }
        }
    }

    @Test func `a file that others can use or of another length is refused`() throws {
        try Scratch.with { scratch in
            let content = String(repeating: "k", count: 32)
            let refused = [
                try scratch.write("group", content, mode: 0o640), try scratch.write("all", content, mode: 0o604),
                try scratch.write("short", String(content.dropLast())), try scratch.write("long", content + "k"),
                try scratch.write("empty", ""), scratch.sshFolder, "\(scratch.path)/none/master-key",
            ]
            let link = "\(scratch.path)/link"
            try FileManager.default.createSymbolicLink(
                atPath: link,
                withDestinationPath: try scratch.write("target", content)
            )
            for file in refused + [link] {
                let error = #expect(throws: LatchkeyError.self, "\(file)") { _ = try MasterKey(file: file) }
                #expect(error?.code == .fileUnusable && error?.hint != nil && error?.message.contains("\n") == false)
            }
            #expect(try scratch.read("\(scratch.path)/empty").isEmpty)
        }
    }

    private final class Collected: @unchecked Sendable {
        private let lock = NSLock()
        private var kept: [[UInt8]] = []

        var all: [[UInt8]] { lock.withLock { kept } }

        func append(_ bytes: [UInt8]) { lock.withLock { kept.append(bytes) } }
    }
}
