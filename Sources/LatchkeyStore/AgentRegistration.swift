/// An agent's registration.
package struct AgentRegistration: Equatable, Sendable {
    /// Milliseconds since 1970: the next registration of the same instance has another time.
    package let registered: Int64
    package let publicKeyDER: [UInt8]

    package init(registered: Int64, publicKeyDER: [UInt8]) {
        self.registered = registered
        self.publicKeyDER = publicKeyDER
    }
}
