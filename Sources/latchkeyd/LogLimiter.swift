// SPDX-License-Identifier: Apache-2.0

/// Lets so many events of one kind through in a while, and counts the others: clients without credentials cause some of them, as often as they
/// like.
struct LogLimiter {
    /// Milliseconds, and how many of a kind are let through in them.
    static let span: Int64 = 10_000
    static let burst = 50
    /// Kinds that are told apart; further ones share one.
    private static let kindLimit = 64
    private static let others = "others"

    private struct Kind {
        var began: Int64
        var count = 0
        var leftOut = 0
    }

    private var kinds: [String: Kind] = [:]

    /// - Parameter now: milliseconds on a clock that does not jump.
    mutating func allows(_ message: String, at now: Int64) -> Bool {
        let name = kinds[message] != nil || kinds.count < LogLimiter.kindLimit ? message : LogLimiter.others
        var kind = kinds[name] ?? Kind(began: now)
        if now - kind.began >= LogLimiter.span { kind = Kind(began: now, leftOut: kind.leftOut) }
        kind.count += 1
        let isAllowed = kind.count <= LogLimiter.burst
        if !isAllowed { kind.leftOut += 1 }
        kinds[name] = kind
        return isAllowed
    }

    /// How many were left out of which kinds, once their while is over or if `all` are wanted; they are forgotten with it.
    mutating func takeLeftOut(at now: Int64, all: Bool) -> [(message: String, count: Int)] {
        var told: [(message: String, count: Int)] = []
        for (name, kind) in kinds where all || now - kind.began >= LogLimiter.span {
            if kind.leftOut > 0 { told.append((name, kind.leftOut)) }
            kinds[name] = nil
        }
        return told.sorted { $0.message < $1.message }
    }
}
