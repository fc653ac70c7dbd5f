// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Why a key is thought to fit an instance, the strongest first.
package enum Evidence: String, CaseIterable, Codable, Comparable, Sendable {
    /// The user named the key.
    case named
    /// The public key that the control plane holds for the instance's key pair is the candidate's own.
    case publicKey
    /// This instance let this key in before.
    case acceptedBefore
    /// The file is called like the key pair or the instance: a hint, never a proof.
    case fileName

    package static func < (a: Evidence, b: Evidence) -> Bool {
        allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }

    /// Whether this proves that the key belongs to the instance; without it only the server can tell.
    package var isProof: Bool { self != .fileName }

    package var explanation: String {
        switch self {
        case .named: "named on the command line"
        case .publicKey: "its public half is the one registered for the instance's key pair"
        case .acceptedBefore: "this instance let it in before"
        case .fileName: "its name fits; only the instance can tell whether it does"
        }
    }
}
