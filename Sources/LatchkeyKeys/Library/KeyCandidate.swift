// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// A private key that could be used, or a file that looked like one and why it cannot.
package struct KeyCandidate: Equatable, Sendable {
    package enum Source: Equatable, Sendable {
        case file(path: String)
        case agent(comment: String)
        /// Made for one connection, and nowhere but in this process's memory.
        case memory
    }

    package let source: Source
    /// Nil where only the passphrase would tell.
    package let publicKey: PublicKey?
    /// The public half stands in the `.pub` file beside the private one, which may be another's.
    package let isClaimed: Bool
    package let isEncrypted: Bool
    package let fault: KeyFault?

    package init(
        source: Source,
        publicKey: PublicKey?,
        isClaimed: Bool = false,
        isEncrypted: Bool = false,
        fault: KeyFault? = nil
    ) {
        self.source = source
        self.publicKey = publicKey
        self.isClaimed = isClaimed
        self.isEncrypted = isEncrypted
        self.fault = fault
    }

    /// The same, its public half known.
    package func known(as publicKey: PublicKey) -> KeyCandidate {
        KeyCandidate(source: source, publicKey: publicKey, isEncrypted: isEncrypted)
    }

    package var path: String? {
        if case .file(let path) = source { path } else { nil }
    }

    /// The path, or the agent's comment; not safe for a terminal yet.
    package var name: String {
        switch source {
        case .file(let path): path
        case .agent(let comment): comment
        case .memory: "one-time key"
        }
    }

    /// How messages call it, safe for a terminal: the path, or the agent's comment.
    package var label: String {
        switch source {
        case .file(let path): "'\(path.terminalSafe)'"
        case .agent(let comment): "the ssh-agent's key '\(comment.terminalSafe)'"
        case .memory: "a key made for this connection"
        }
    }

    /// The endings that a key's file may have besides its name.
    static let endings = [".pem", ".ppk"]

    /// The file's name without its folder and without `.pem` or `.ppk`; nil for a key of the agent.
    package var stem: String? {
        guard let name = path?.split(separator: "/").last else { return nil }
        let ending = KeyCandidate.endings.first { name.hasSuffix($0) }
        return String(name.dropLast(ending?.count ?? 0))
    }
}
