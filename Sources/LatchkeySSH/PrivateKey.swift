// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
package import LatchkeyModel

/// A private key that libssh has read and can sign with. Freed, and its memory wiped by libssh, with its owner.
@safe package struct PrivateKey: ~Copyable {
    let pointer: ssh_key
    package let publicKey: PublicKey

    /// Reads a key in OpenSSH's or PEM form (PKCS#1, PKCS#8, SEC1).
    ///
    /// - Parameter passphrase: nil for a key that is not encrypted. Nobody is asked.
    /// - Throws: `privateKeyUnreadable` for another form or a wrong passphrase: libssh does not tell them apart.
    package init(text: borrowing Secret, passphrase: borrowing Secret?) throws(SSHError) {
        var key: ssh_key?
        let status: Int32
        switch passphrase {
        case .some(let passphrase):
            status = unsafe text.withCString { text in
                unsafe passphrase.withCString { unsafe ssh_pki_import_privkey_base64(text, $0, nil, nil, &key) }
            }
        case .none:
            // Without a callback libssh would ask at the terminal; this one answers that there is no passphrase.
            status = unsafe text.withCString {
                unsafe ssh_pki_import_privkey_base64($0, nil, { _, _, _, _, _, _ in -1 }, nil, &key)
            }
        }
        guard status == SSH_OK, let key = unsafe key else { throw .privateKeyUnreadable }
        var publicHalf: ssh_key?
        defer { unsafe ssh_key_free(publicHalf) }
        guard unsafe ssh_pki_export_privkey_to_pubkey(key, &publicHalf) == SSH_OK, let publicHalf = unsafe publicHalf,
            let publicKey = unsafe PublicKey(publicHalf)
        else {
            unsafe ssh_key_free(key)
            throw .privateKeyUnreadable
        }
        unsafe pointer = key
        self.publicKey = publicKey
    }

    deinit { unsafe ssh_key_free(pointer) }
}

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
