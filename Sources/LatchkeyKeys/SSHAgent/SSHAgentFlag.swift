// SPDX-License-Identifier: Apache-2.0

/// The flags of a sign request (draft-ietf-sshm-ssh-agent §3.6.1).
package enum SSHAgentFlag {
    package static let rsaSHA256: UInt32 = 2
    package static let rsaSHA512: UInt32 = 4
}
