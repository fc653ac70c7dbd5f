/// One attempt to enter an instance.
enum EntryStep: Equatable, Sendable {
    /// SSH with this machine's keys: those that are verified, then those that are ranked.
    case ownKeys(over: Road)
    /// SSH with a key that is made now and pushed; over the first of these roads on which the instance is reached.
    case pushedKey(over: [Road], Pushing)
    /// A session of the agent's, without a key.
    case session
}
