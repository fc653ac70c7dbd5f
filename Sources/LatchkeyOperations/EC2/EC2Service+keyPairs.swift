// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyStore

/// Adding a key pair to the store.
extension EC2Service {
    /// EC2's, for a region.
    static let keyPairLimit = 5000

    func checkFree(_ name: String) throws {
        if try store.keyPair(named: name) != nil { throw EC2Service.duplicate(name) }
        if try store.keyPairCount() >= EC2Service.keyPairLimit {
            throw ServiceError(
                code: "ResourceLimitExceeded",
                message: "There may be \(EC2Service.keyPairLimit) key pairs in a region"
            )
        }
    }

    func add(_ name: String, _ make: () -> KeyPair) throws -> KeyPair {
        do { return try store.addKeyPair(named: name, make) } catch let error as LatchkeyError
            where error.code == .keyExists
        {
            throw EC2Service.duplicate(name)
        }
    }

    static func duplicate(_ name: String) -> ServiceError {
        ServiceError(code: "InvalidKeyPair.Duplicate", message: "The keypair already exists: '\(name)'")
    }
}
