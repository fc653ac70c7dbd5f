// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Answers libssh as an ssh-agent that holds one key.
///
/// So only that key is offered, whatever else an agent or a file holds; and private keys stay out of libssh, which
/// leaves copies of them in memory. A thread answers until libssh closes its end.
final class InProcessSSHAgent {
    private let work: Work
    private var clientEnd: Int32

    /// - Throws: `system` if the system has no descriptor or thread left.
    init(_ signer: any Signer) throws(SSHError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .system("no file descriptor is left") }
        clientEnd = ends[0]
        work = Work(signer: signer, client: ends[1])

        guard let thread = Threads(1, { [work] in work.run() }) else {
            close(clientEnd)
            clientEnd = -1
            throw .system("no thread could be made")
        }
        thread.detach()
    }

    deinit { if clientEnd >= 0 { close(clientEnd) } }

    /// The end for libssh, which then owns it.
    func takeClientEnd() -> Int32 {
        defer { clientEnd = -1 }
        return clientEnd
    }

    /// Whether a signature was asked for, which the server's yes to the key comes before.
    var wasAsked: Bool { work.wasAsked }

    /// Lets go of the signer, and so of the key; what is asked from now on is refused.
    func retire() { work.signer.withLock { $0 = nil } }

    private final class Work: Sendable {
        let signer: Mutex<(any Signer)?>
        private let client: Int32
        private let asked = Mutex(false)

        init(signer: any Signer, client: Int32) {
            self.signer = Mutex(signer)
            self.client = client
        }

        deinit { close(client) }

        var wasAsked: Bool { asked.withLock { $0 } }

        func run() {
            while let request = SSHAgentMessage.read(from: client) {
                guard let signer = signer.withLock({ $0 }) else { return }
                let answer = InProcessSSHAgent.answer(to: request, signer)
                if answer.wasAsked { asked.withLock { $0 = true } }
                guard SSHAgentMessage.write(answer.bytes, to: client) else { return }
            }
        }
    }

    /// The answer to a request: the list has one key, a signature is made with that key only, all else is refused.
    static func answer(to request: [UInt8], _ signer: any Signer) -> (bytes: [UInt8], wasAsked: Bool) {
        var writer = WireWriter()
        switch request.first {
        case SSHAgentMessage.requestIdentities:
            writer.raw([SSHAgentMessage.identitiesAnswer])
            writer.uint32(1)
            writer.string(signer.publicKey.blob)
            writer.string("")
            return (writer.bytes, false)
        case SSHAgentMessage.signRequest:
            // "string key blob, string data, uint32 flags".
            var reader = WireReader(request[1...])
            guard let blob = reader.string(), blob.elementsEqual(signer.publicKey.blob), let message = reader.string(),
                let flags = reader.uint32(), let signature = signer.sign(Array(message), flags: flags)
            else { return ([SSHAgentMessage.failure], true) }
            writer.raw([SSHAgentMessage.signResponse])
            writer.string(signature)
            return (writer.bytes, true)
        default: return ([SSHAgentMessage.failure], false)
        }
    }
}
