// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// Goes one of two ways, by whether there is a passphrase. One of no length counts as none, as with ssh-keygen.
func with<Value: ~Copyable>(
    _ passphrase: borrowing Secret?,
    given: (borrowing Secret) throws(KeyFault) -> Value,
    absent: () throws(KeyFault) -> Value
) throws(KeyFault) -> Value {
    switch passphrase {
    case .some(let passphrase):
        guard passphrase.count > 0 else { return try absent() }
        return try given(passphrase)
    case .none: return try absent()
    }
}
