/// How much a store takes, whatever keeps it.
package enum StoreLimit {
    /// Tags of a resource, as at EC2.
    package static let tagsPerResource = 50
    /// Keys that wait for one user of one instance at a time: each connection without a key brings one, for a minute.
    package static let pushedKeysPerUser = 256
    /// Commands, those that run included. The oldest are forgotten, and so are those that are older than 30 days.
    package static let commands = 10_000
}
