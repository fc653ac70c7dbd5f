/// Tokens for channels: random, good for one use, for five minutes, and for the one thing that each was made for. The relay asks
/// on its loop, so that no function waits.
///
/// Nodes that take each other's tokens need a conformer that they share.
package protocol ChannelTokens {
    var count: Int { get }

    /// - Parameter grant: what it rests on.
    mutating func make(_ purpose: ChannelTokenPurpose, on grant: Grant) -> String

    /// - Returns: what it rests on, if it is one and was made for this; it is none any more afterwards, whatever the answer.
    mutating func redeem(_ token: String, _ purpose: ChannelTokenPurpose) -> Grant?

    /// Forgets those that rest on certain things.
    mutating func drop(where isRevoked: (Grant) -> Bool)

    mutating func dropExpired()
}
