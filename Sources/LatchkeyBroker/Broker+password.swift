// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
package import LatchkeyModel
package import LatchkeySystem

extension Broker {
    /// Decrypts a Windows instance's password with its key.
    ///
    /// - Parameters:
    ///   - encrypted: in base64, as GetPasswordData answers it.
    ///   - key: a key's file or a key pair's name; nil to find it as for a login.
    /// - Throws: `noKeyFits`, `keyNotFound`, what unlocking throws; `keyUnusable` if the key cannot decrypt at all, or did
    ///   not: why is not told, so that no caller learns about the key by asking.
    package func password(of instance: Instance, encrypted: String, key: String?) throws -> Secret {
        let proposal = try key.map(namedKey) ?? resolved(instance)
        let candidate = proposal.candidate
        if let type = candidate.publicKey?.typeName, type != "rsa" { throw Broker.cannotDecrypt(candidate, type) }
        guard let path = candidate.path else {
            throw LatchkeyError(
                .keyUnusable,
                "\(candidate.label) cannot decrypt: an ssh-agent only signs",
                hint: "name the key's file: --key FILE"
            )
        }
        let privateKey = try keyring.privateKey(at: path)
        guard privateKey.publicKey.typeName == "rsa" else {
            throw Broker.cannotDecrypt(candidate, privateKey.publicKey.typeName)
        }
        guard let bytes = Data(base64Encoded: encrypted), let password = privateKey.decrypt(Array(bytes)),
            password.withBytes({ !$0.isEmpty && $0.allSatisfy { (0x20..<0x7F).contains($0) } })
        else {
            throw LatchkeyError(
                .keyUnusable,
                "the key \(candidate.label) does not decrypt the password of '\(instance.displayName)'",
                hint: "it was encrypted for the key pair given at launch, whatever else opens the instance now"
            )
        }
        return password
    }

    private static func cannotDecrypt(_ candidate: KeyCandidate, _ type: String) -> LatchkeyError {
        LatchkeyError(
            .keyUnusable,
            "the key \(candidate.label) is \(type.terminalSafe), with which nothing can be decrypted",
            hint: "Windows passwords are encrypted for RSA keys only; launch with one, or set a password another way"
        )
    }

    private func resolved(_ instance: Instance) throws -> KeyProposal {
        guard let name = instance.keyName, let pair = try control.keyPair(named: name) else {
            throw LatchkeyError(
                .noKeyFits,
                "no registered key pair is noted for '\(instance.displayName)'",
                hint: "name its key with --key"
            )
        }
        guard let proposal = KeyResolver(library: library).verified(registered: pair.publicKey, accepted: nil).first
        else {
            throw LatchkeyError(
                .noKeyFits,
                "the private half of '\(name.terminalSafe)' of '\(instance.displayName)' is not on this machine",
                hint: "it is \(pair.publicKey.typeAndSize) \(Fingerprint.openSSH(pair.publicKey)); "
                    + "without it no one can read the password"
            )
        }
        return proposal
    }
}
