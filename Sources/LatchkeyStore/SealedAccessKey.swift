/// An access key as requests are verified with it: whose it is, and its secret.
package struct SealedAccessKey: Equatable, Sendable {
    package let name: String
    /// Whether the key opens other users' sessions, too.
    package let isAdmin: Bool
    /// The secret, encrypted by a key that is not in the store.
    package let sealedSecret: [UInt8]

    package init(name: String, isAdmin: Bool, sealedSecret: [UInt8]) {
        self.name = name
        self.isAdmin = isAdmin
        self.sealedSecret = sealedSecret
    }
}
