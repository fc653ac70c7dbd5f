/// What can be changed of an instance that was added; nil for what stays.
package struct InstanceUpdate: Sendable {
    package var addresses: [String]?
    package var port: Int?
    /// Nil inside for none.
    package var user: String??
    /// The name of the key pair that it was launched with; nil inside for none.
    package var keyName: String??

    package init() {}
}
