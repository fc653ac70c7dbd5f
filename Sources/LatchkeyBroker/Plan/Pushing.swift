/// What a key would be good for that is made for one connection and pushed to the instance.
enum Pushing: Equatable, Sendable {
    case unsupported
    /// Only the instance itself can tell.
    case unknown
    case supported
}
