// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeyTransport

/// Where a running ssh-agent listens, and what it holds. The wire is draft-ietf-sshm-ssh-agent §3.
package struct SSHAgentAddress: Equatable, Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// A key that the agent holds, and the comment that came with it, which is not safe for a terminal yet.
    package struct Identity: Equatable, Sendable {
        package let key: PublicKey
        package let comment: String
    }

    /// What the agent can sign with, its own order kept; keys of unknown form are left out.
    ///
    /// - Throws: `system` if the agent does not answer within a second, or not as an agent does.
    package func identities() throws(SSHError) -> [Identity] {
        let socket = try open()
        // A list comes at once or not at all; a signature may wait for a person.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        _ = unsafe setsockopt(
            socket.descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        guard AgentMessage.write([AgentMessage.requestIdentities], to: socket.descriptor),
            let answer = AgentMessage.read(from: socket.descriptor)
        else { throw .system("the ssh-agent does not answer") }
        guard let identities = AgentMessage.identities(in: answer) else {
            throw .system("the ssh-agent answers in a way that is not understood")
        }
        return identities
    }

    func open() throws(SSHError) -> Dialer.Socket {
        let socket = Dialer.Socket(
            owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        )
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard socket.descriptor >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .system("the ssh-agent's socket cannot be used")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .system("no ssh-agent answers at '\(path.terminalSafe)'") }
        return socket
    }
}

/// The messages of the ssh-agent's wire: "uint32 message length, byte message type, byte[…] contents".
enum AgentMessage {
    static let failure: UInt8 = 5
    static let requestIdentities: UInt8 = 11
    static let identitiesAnswer: UInt8 = 12
    static let signRequest: UInt8 = 13
    static let signResponse: UInt8 = 14
    /// OpenSSH's own limit on a message.
    private static let limit = 256 * 1024

    /// The keys in an identities answer: "uint32 nkeys, then for each string key blob, string comment".
    static func identities(in answer: [UInt8]) -> [SSHAgentAddress.Identity]? {
        guard answer.first == identitiesAnswer else { return nil }
        var reader = WireReader(answer[1...])
        guard let count = reader.uint32(), count <= 4096 else { return nil }
        var identities: [SSHAgentAddress.Identity] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.string() else { return nil }
            guard let key = PublicKey(blob: blob) else { continue }
            identities.append(SSHAgentAddress.Identity(key: key, comment: String(decoding: comment, as: UTF8.self)))
        }
        return identities
    }

    /// One message without its length; nil at the end, at an error, or if it is too long.
    static func read(from descriptor: Int32) -> [UInt8]? {
        guard let head = readExactly(4, from: descriptor) else { return nil }
        var reader = WireReader(head)
        guard let length = reader.uint32(), length > 0, length <= limit else { return nil }
        return readExactly(Int(length), from: descriptor)
    }

    /// Sends one message, its length before it.
    ///
    /// - Returns: false if nobody listens any more.
    static func write(_ message: [UInt8], to descriptor: Int32) -> Bool {
        var writer = WireWriter()
        writer.string(message)
        var rest = writer.bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
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
            let got = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return nil }
            bytes += chunk[..<got]
        }
        return bytes
    }
}
