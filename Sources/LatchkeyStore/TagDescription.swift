/// A tag, and whose it is.
package struct TagDescription: Equatable, Sendable {
    /// An instance's or a key pair's id.
    package let resourceID: String
    package let key: String
    package let value: String

    package init(resourceID: String, key: String, value: String) {
        self.resourceID = resourceID
        self.key = key
        self.value = value
    }
}
