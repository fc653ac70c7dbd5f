/// Session Manager's words for the state of a session.
package enum SessionStatus: String, CaseIterable, Codable, Sendable {
    case connected = "Connected"
    case connecting = "Connecting"
    case disconnected = "Disconnected"
    case terminated = "Terminated"
    case terminating = "Terminating"
    case failed = "Failed"

    /// Whether nothing follows this.
    package var isEnd: Bool { self == .terminated || self == .failed }
}
