/// What a token of a channel is good for.
package enum ChannelTokenPurpose: Hashable, Sendable {
    case control(instanceID: String)
    case client(sessionID: String)
    case agent(sessionID: String)
}
