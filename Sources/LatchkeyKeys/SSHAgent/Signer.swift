// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What can sign with one private key, wherever that key is. libssh asks it for signatures and never sees the key.
package protocol Signer: AnyObject, Sendable {
    var publicKey: PublicKey { get }

    /// Signs in the form of RFC 4253 §6.6: "string signature format identifier, string signature blob". Called on a
    /// thread of its own.
    ///
    /// - Parameter flags: ``SSHAgentFlag``'s, which choose the hash of RSA.
    /// - Returns: nil if it cannot or will not.
    func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]?
}
