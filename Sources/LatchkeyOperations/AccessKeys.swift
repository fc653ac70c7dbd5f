// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyCrypto
package import LatchkeyModel
package import LatchkeyStore

/// Makes access keys. Their secrets are kept, sealed, since a signature cannot be verified without them.
package struct AccessKeys: Sendable {
    private let store: any ServerStore
    private let key: MasterKey

    package init(store: any ServerStore, key: MasterKey) {
        self.store = store
        self.key = key
    }

    /// - Returns: the key, and its secret, which is shown this once.
    /// - Parameter isAdmin: whether it opens other users' sessions.
    package func make(
        userName: String,
        isAdmin: Bool = false,
        now: Date = Date()
    ) throws -> (AccessKey, secret: String) {
        let accessKey = AccessKey(
            userName: userName,
            isAdmin: isAdmin,
            created: now
        )
        let secret = Random.text(40, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let sealed = try key.seal(Array(secret.utf8), context: AccessKeys.context(accessKey.id))
        try store.addAccessKey(accessKey, sealedSecret: sealed)
        return (accessKey, secret)
    }

    /// What a secret is sealed for.
    static func context(_ id: String) -> String { "access-key \(id)" }
}
