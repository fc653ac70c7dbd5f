// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// The messages of the ssh-agent's wire: "uint32 message length, byte message type, byte[…] contents".
package enum SSHAgentMessage {
    package static let failure: UInt8 = 5
    package static let requestIdentities: UInt8 = 11
    package static let identitiesAnswer: UInt8 = 12
    package static let signRequest: UInt8 = 13
    package static let signResponse: UInt8 = 14
    /// OpenSSH's own limit on a message.
    private static let limit = 256 * 1024

    /// The keys in an identities answer: "uint32 nkeys, then for each string key blob, string comment".
    package static func identities(in answer: [UInt8]) -> [SSHAgentClient.Identity]? {
        guard answer.first == identitiesAnswer else { return nil }
        var reader = WireReader(answer[1...])
        guard let count = reader.uint32(), count <= 4096 else { return nil }
        var identities: [SSHAgentClient.Identity] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.string() else { return nil }
            guard let key = PublicKey(blob: blob) else { continue }
            identities.append(SSHAgentClient.Identity(key: key, comment: String(decoding: comment, as: UTF8.self)))
        }
        return identities
    }

    /// One message without its length; nil at the end, at an error, or if it is too long.
    package static func read(from descriptor: Int32) -> [UInt8]? {
        guard let head = readExactly(4, from: descriptor) else { return nil }
        var reader = WireReader(head)
        guard let length = reader.uint32(), length > 0, length <= limit else { return nil }
        return readExactly(Int(length), from: descriptor)
    }

    /// Sends one message, its length before it.
    ///
    /// - Returns: false if the other end is closed.
    package static func write(_ message: [UInt8], to descriptor: Int32) -> Bool {
        var writer = WireWriter()
        writer.string(message)
        var rest = writer.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func readExactly(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: count - bytes.count)
            let got = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return nil }
            bytes += chunk[..<got]
        }
        return bytes
    }
}
