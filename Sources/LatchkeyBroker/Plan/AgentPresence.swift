/// Whether an instance can be reached through the relay.
enum AgentPresence: Equatable, Sendable {
    /// - takesPushedKeys: whether its sshd asks for keys that are pushed; nil where the service does not say so.
    case connected(takesPushedKeys: Bool?)
    /// Its agent is not connected, or it has none.
    case absent
    /// The relay itself does not answer; why.
    case unknown(String)

    /// What stands in the way of the relay; nil if nothing does.
    var message: String? {
        switch self {
        case .connected: nil
        case .absent: "its agent is not connected to the relay"
        case .unknown(let message): "the relay does not answer: \(message)"
        }
    }

    var isConnected: Bool {
        if case .connected = self { true } else { false }
    }
}
