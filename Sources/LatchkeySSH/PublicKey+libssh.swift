// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import LatchkeyModel

extension PublicKey {
    /// The value of libssh's key; nil if libssh cannot write it.
    init?(_ key: ssh_key) {
        var base64: UnsafeMutablePointer<CChar>?
        guard unsafe ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK, let base64 = unsafe base64 else {
            return nil
        }
        defer { unsafe ssh_string_free_char(base64) }
        self.init(base64: unsafe String(cString: base64))
    }
}

/// A public key as libssh holds it.
@safe struct LibsshPublicKey: ~Copyable {
    let pointer: ssh_key

    /// - Returns: nil if libssh does not know this kind of key.
    init?(_ key: PublicKey) {
        var pointer: ssh_key?
        let base64 = String(key.line.drop { $0 != " " }.dropFirst())
        let type = unsafe ssh_key_type_from_name(key.algorithm)
        guard unsafe ssh_pki_import_pubkey_base64(base64, type, &pointer) == SSH_OK, let pointer = unsafe pointer else {
            return nil
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe ssh_key_free(pointer) }
}
