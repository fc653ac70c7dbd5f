// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel

/// Stands between libssh and the ssh-agent and lets only one key through.
///
/// libssh tries every key that an agent lists, each a failed attempt at the server; behind this the agent seems to hold
/// one. A thread answers until libssh closes its end.
final class AgentFilter {
    private var clientEnd: Int32

    /// - Throws: `system` if the agent cannot be reached.
    init(agent: AgentAddress, only key: PublicKey) throws(SSHError) {
        let upstream = try agent.open()
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .system("no descriptor is left") }
        clientEnd = ends[0]

        let work = unsafe Unmanaged.passRetained(Work(agent: upstream.release(), client: ends[1], key: key))
        // The thread takes no signals: what is meant for the whole process, such as a new size of the terminal, would be
        // lost on it.
        var (all, mask) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &mask)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &mask, nil) }
        var thread = pthread_t()
        let error = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
        )
        guard error == 0 else {
            unsafe work.release()
            throw .system("no thread could be made")
        }
        pthread_detach(thread)
    }

    deinit { if clientEnd >= 0 { close(clientEnd) } }

    /// The end for libssh, which then owns it.
    func takeClientEnd() -> Int32 {
        defer { clientEnd = -1 }
        return clientEnd
    }

    private final class Work {
        let agent: Int32
        let client: Int32
        let key: PublicKey

        init(agent: Int32, client: Int32, key: PublicKey) {
            self.agent = agent
            self.client = client
            self.key = key
        }

        deinit {
            close(agent)
            close(client)
        }

        func run() {
            while let request = AgentMessage.read(from: client) {
                guard let answer = answer(to: request), AgentMessage.write(framed(answer), to: client) else { return }
            }
        }

        private func answer(to request: [UInt8]) -> [UInt8]? {
            switch AgentFilter.verdict(on: request, key: key) {
            case .refuse: return [AgentMessage.failure]
            case .pass: return ask(request)
            case .passAndCut:
                guard let answer = ask(request) else { return nil }
                return AgentFilter.cut(answer, to: key)
            }
        }

        private func ask(_ request: [UInt8]) -> [UInt8]? {
            guard AgentMessage.write(framed(request), to: agent) else { return nil }
            return AgentMessage.read(from: agent)
        }

        private func framed(_ message: [UInt8]) -> [UInt8] {
            var writer = WireWriter()
            writer.string(message)
            return writer.bytes
        }
    }

    enum Verdict: Equatable { case pass, passAndCut, refuse }

    /// A list request passes and its answer is cut; a signature passes for the one key; all else is refused.
    static func verdict(on request: [UInt8], key: PublicKey) -> Verdict {
        switch request.first {
        case AgentMessage.requestIdentities: return .passAndCut
        case AgentMessage.signRequest:
            var reader = WireReader(request[1...])
            return reader.string().map(Array.init) == key.blob ? .pass : .refuse
        default: return .refuse
        }
    }

    /// The identities answer with only `key` in it, if it was there at all.
    static func cut(_ answer: [UInt8], to key: PublicKey) -> [UInt8] {
        guard let identities = AgentMessage.identities(in: answer) else { return [AgentMessage.failure] }
        let kept = identities.filter { $0.key == key }.prefix(1)
        var writer = WireWriter()
        writer.raw([AgentMessage.identitiesAnswer])
        writer.uint32(UInt32(kept.count))
        for identity in kept {
            writer.string(identity.key.blob)
            writer.string(identity.comment)
        }
        return writer.bytes
    }
}
