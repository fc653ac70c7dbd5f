// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension EC2 {
    package struct CreateKeyPair: Request {
        package static let operation = "CreateKeyPair"

        package var keyName: String
        /// `rsa` or `ed25519`.
        package var keyType: String?
        /// `pem` or `ppk`.
        package var keyFormat: String?
        package var tagSpecification: [TagSpecification]?
        package var dryRun: Bool?

        package init(keyName: String, keyType: String? = nil, keyFormat: String? = nil) {
            self.keyName = keyName
            self.keyType = keyType
            self.keyFormat = keyFormat
        }

        package struct Response: Codable, Sendable {
            package var keyPairId: String
            package var keyName: String
            package var keyFingerprint: String
            /// The private half, this once. The server leaves it out here, and writes it behind the rest from memory that
            /// is wiped.
            package var keyMaterial: String?
            package var tagSet: [Tag]

            package init(keyPairId: String, keyName: String, keyFingerprint: String, tagSet: [Tag]) {
                self.keyPairId = keyPairId
                self.keyName = keyName
                self.keyFingerprint = keyFingerprint
                self.tagSet = tagSet
            }
        }
    }

    package struct ImportKeyPair: Request {
        package static let operation = "ImportKeyPair"

        package var keyName: String
        /// The public half's text in base64: an OpenSSH line, RFC 4716, or DER in base64.
        package var publicKeyMaterial: String
        package var tagSpecification: [TagSpecification]?
        package var dryRun: Bool?

        package init(keyName: String, publicKeyMaterial: String) {
            self.keyName = keyName
            self.publicKeyMaterial = publicKeyMaterial
        }

        package struct Response: Codable, Sendable {
            package var keyPairId: String
            package var keyName: String
            package var keyFingerprint: String
            package var tagSet: [Tag]

            package init(keyPairId: String, keyName: String, keyFingerprint: String, tagSet: [Tag]) {
                self.keyPairId = keyPairId
                self.keyName = keyName
                self.keyFingerprint = keyFingerprint
                self.tagSet = tagSet
            }
        }
    }

    package struct DescribeKeyPairs: Request {
        package static let operation = "DescribeKeyPairs"

        package var keyName: [String]?
        package var keyPairId: [String]?
        package var filter: [Filter]?
        package var includePublicKey: Bool?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var keySet: [KeyPair]

            package init(keySet: [KeyPair]) { self.keySet = keySet }
        }

        package struct KeyPair: Codable, Sendable {
            package var keyPairId: String
            package var keyName: String
            package var keyType: String
            package var keyFingerprint: String
            package var createTime: Date
            /// An OpenSSH line; only if it was asked for.
            package var publicKey: String?
            package var tagSet: [Tag]

            package init(
                keyPairId: String,
                keyName: String,
                keyType: String,
                keyFingerprint: String,
                createTime: Date,
                publicKey: String?,
                tagSet: [Tag]
            ) {
                self.keyPairId = keyPairId
                self.keyName = keyName
                self.keyType = keyType
                self.keyFingerprint = keyFingerprint
                self.createTime = createTime
                self.publicKey = publicKey
                self.tagSet = tagSet
            }
        }
    }

    package struct DeleteKeyPair: Request {
        package static let operation = "DeleteKeyPair"

        package var keyName: String?
        package var keyPairId: String?
        package var dryRun: Bool?

        package init(keyName: String) { self.keyName = keyName }

        package struct Response: Codable, Sendable {
            package var `return`: Bool
            package var keyPairId: String?

            package init(keyPairId: String?) {
                self.return = true
                self.keyPairId = keyPairId
            }
        }
    }
}
