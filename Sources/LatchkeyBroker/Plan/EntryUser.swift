/// Whom to log in as, and who said so.
struct EntryUser: Equatable, Sendable {
    enum Source: String, Sendable {
        /// `--user`, or `USER@` before the instance's name.
        case option
        case instance
        /// No one said so: it is this machine's own.
        case local
    }

    let name: String
    let source: Source
}
