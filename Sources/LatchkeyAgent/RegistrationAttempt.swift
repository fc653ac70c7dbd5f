// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// A registration that may have succeeded without the answer having arrived. Its key is kept until one does: a server that
/// sees the same key again answers as before, and the activation is not used up twice.
struct RegistrationAttempt: Codable, Equatable {
    let activationID: String
    /// A copy of the machine, with this folder in it, is another machine and needs another key.
    let fingerprint: String

    private static func contentPath(_ folder: String) -> String { "\(folder)/attempt.json" }
    private static func keyPath(_ folder: String) -> String { "\(folder)/attempt-key.pem" }

    /// The key of an earlier attempt that was the same, else a new one, which is kept.
    ///
    /// - Throws: `fileUnusable`, `storageFull` if it cannot be kept.
    func key(in folder: String) throws -> MachineKey {
        if let content = try? StateFile.read(RegistrationAttempt.contentPath(folder)),
            let known = try? JSONDecoder().decode(RegistrationAttempt.self, from: Data(content)), known == self,
            let pem = try? StateFile.readSecret(RegistrationAttempt.keyPath(folder)),
            let key = try? MachineKey(pem: pem)
        {
            return key
        }
        // What was there gives way as a whole, so that no key is ever taken for that of another attempt.
        RegistrationAttempt.forget(in: folder)
        let key = try MachineKey.generate()
        try StateFile.write(RegistrationAttempt.keyPath(folder), secret: try key.pem())
        try StateFile.write(RegistrationAttempt.contentPath(folder), json: self)
        return key
    }

    static func forget(in folder: String) {
        unlink(contentPath(folder))
        unlink(keyPath(folder))
    }
}
