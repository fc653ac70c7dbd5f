/// What is known of an agent that is connected.
package struct ConnectedAgent: Sendable {
    package let agentVersion: String?
    /// Whether it is Latchkey's, and not the official one.
    package let isOwn: Bool
    package let takesPushedKeys: Bool
}
