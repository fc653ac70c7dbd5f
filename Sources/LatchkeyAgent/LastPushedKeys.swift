// SPDX-License-Identifier: Apache-2.0

/// What the relay said last of the keys that were pushed for a user, and whether it has been silent since.
struct LastPushedKeys: Codable, Equatable {
    struct Key: Codable, Equatable {
        var line: String
        /// When it is let in no longer; in milliseconds of the ``BootClock``, as all times here.
        var end: Int64
    }

    /// The longest that a key is kept after it was told of, whatever the relay says.
    private static let lifetime: Int64 = 60_000
    /// So long after it was silent the relay is not waited for as long as before.
    private static let silence: Int64 = 60_000

    private var boot: String
    private var keys: [Key]
    private var silentSince: Int64?

    /// Nothing is known.
    static let none = LastPushedKeys(boot: "", keys: [], silentSince: nil)

    /// - Parameters:
    ///   - keys: with the milliseconds that each is still let in, by the relay's word.
    ///   - start: before the relay was asked, so that no key is let in longer than the relay would do it.
    init(_ keys: [(line: String, left: Int64)], askedAt start: BootClock) {
        let kept = keys.filter { $0.left > 0 }
            .map { Key(line: $0.line, end: start.milliseconds + min($0.left, LastPushedKeys.lifetime)) }
        self.init(boot: kept.isEmpty ? "" : start.boot, keys: kept, silentSince: nil)
    }

    private init(boot: String, keys: [Key], silentSince: Int64?) {
        self.boot = boot
        self.keys = keys
        self.silentSince = silentSince
    }

    /// The keys that are still let in. After a reboot the time that has passed is unknown, so none is.
    func lines(at now: BootClock) -> [String] {
        isOf(now) ? keys.filter { $0.end > now.milliseconds }.map(\.line) : []
    }

    /// Whether the relay was silent just now.
    func wasSilent(at now: BootClock) -> Bool {
        guard isOf(now), let silentSince else { return false }
        return now.milliseconds - silentSince < LastPushedKeys.silence
    }

    /// The same, with a relay that does not answer. That time is not put off while it lasts: after it the relay is waited for
    /// again, which may be there and slow.
    func silent(since now: BootClock) -> LastPushedKeys {
        if wasSilent(at: now) { return self }
        return LastPushedKeys(boot: now.boot, keys: isOf(now) ? keys : [], silentSince: now.milliseconds)
    }

    private func isOf(_ now: BootClock) -> Bool { !boot.isEmpty && boot == now.boot }
}
