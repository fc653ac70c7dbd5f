// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

/// Files and pipes, read to their end and no further than a limit.
struct ReadingTests {
    private static func content(of path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        return try Descriptor.readAll(descriptor, limit: limit)
    }

    @Test func `one byte more than the limit says that there is more`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/file"
            for size in [0, 1, 99, 100] {
                try scratch.write(path, String(repeating: "x", count: size))
                #expect(try Self.content(of: path, limit: 100).count == size)
            }
            try scratch.write(path, String(repeating: "x", count: 100_000))
            #expect(try Self.content(of: path, limit: 100).count == 101)
            #expect(try Self.content(of: path, limit: 100_000).count == 100_000)
        }
    }

    @Test func `what says nothing of its length, and what has no end`() throws {
        #expect(try Self.content(of: "/proc/self/status", limit: 1 << 20).count > 100)
        #expect(try Self.content(of: "/dev/zero", limit: 200_000).count == 200_001)
    }

    @Test func `a folder is no file`() throws {
        let error = #expect(throws: SystemError.self) { try Self.content(of: "/", limit: 10) }
        #expect(error?.number == EISDIR)
        #expect(error?.message == "is a directory")
    }

    @Test func `a secret takes what there is room for`() throws {
        var secret = Secret(capacity: 10)
        let capacity = secret.capacity
        let descriptor = open("/dev/zero", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        try Descriptor.readAll(descriptor, into: &secret)
        #expect(secret.count == capacity)
    }

    @Test func `a state file, secret or not, is refused if it is too long, not cut`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/state"
            try scratch.write(path, String(repeating: "x", count: 1 << 20))
            chmod(path, 0o600)
            #expect(try StateFile.read(path)?.count == 1 << 20)
            let refusal = #expect(throws: LatchkeyError.self) { _ = try StateFile.readSecret(path) }
            #expect(refusal?.message.contains("too long") == true)
            try scratch.write(path, String(repeating: "x", count: (1 << 20) + 1))
            #expect(throws: LatchkeyError.self) { try StateFile.read(path) }
        }
    }
}
