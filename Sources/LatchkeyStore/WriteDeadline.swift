/// By when what writes to a server's store is to have had its turn: a request that waits for several writes waits no longer than
/// one that waits for one.
package enum WriteDeadline {
    /// Milliseconds for which one waits.
    package static let timeout: Int64 = 5_000

    /// Of this task, in milliseconds on `SystemClock`; nil for ``timeout`` from when each write begins.
    @TaskLocal package static var current: Int64?
}
