// SPDX-License-Identifier: Apache-2.0

/// How long a text from elsewhere may be: in Unicode scalars, which is what AWS's documents call characters, and in bytes of
/// UTF-8, which is what it costs. A `Character` bounds nothing: one may have any number of combining marks.
package struct TextLimit: Equatable, Sendable {
    package let scalars: Int
    package let bytes: Int

    private init(scalars: Int) { (self.scalars, bytes) = (scalars, 4 * scalars) }
    private init(bytes: Int) { (scalars, self.bytes) = (bytes, bytes) }

    // MARK: Names

    /// As long as the tag that has it may be.
    package static let instanceName = TextLimit(scalars: 256)
    /// EC2's, of ASCII characters.
    package static let keyPairName = TextLimit(bytes: 255)
    package static let userName = TextLimit(bytes: 64)
    /// A host name's (RFC 1035 §2.3.4).
    package static let address = TextLimit(bytes: 253)
    /// EC2's, of characters in UTF-8 (EC2 User Guide, "Tag restrictions").
    package static let tagKey = TextLimit(scalars: 128)
    package static let tagValue = TextLimit(scalars: 256)

    // MARK: What agents say

    /// Each field of what an agent reports of its machine; Systems Manager's longest is the computer's name.
    package static let reportedField = TextLimit(scalars: 255)
    package static let agentVersion = TextLimit(bytes: 64)
    package static let machineFingerprint = TextLimit(bytes: 256)
    /// A host key in a line. One of RSA with 16384 bits has 2.8 KB.
    package static let hostKeyLine = TextLimit(bytes: 8192)
    /// Why a session could not begin, or ended.
    package static let sessionDetails = TextLimit(bytes: 512)

    // MARK: What clients say, by Systems Manager's reference

    package static let sessionTarget = TextLimit(bytes: 400)
    package static let sessionReason = TextLimit(scalars: 256)
    package static let activationDescription = TextLimit(scalars: 256)
    package static let roleName = TextLimit(bytes: 64)
    package static let clientID = TextLimit(bytes: 128)
    package static let userAgent = TextLimit(bytes: 256)

    package static let commandComment = TextLimit(scalars: 100)
    /// Each stream of what a command has said.
    package static let commandOutput = TextLimit(scalars: 24_000)
    /// Both streams as one, where several commands are told of.
    package static let commandExcerpt = TextLimit(scalars: 2500)

    // MARK: Other things

    /// An image's name and description, as its label tells it.
    package static let imageText = TextLimit(scalars: 255)
    /// EC2's, of a network interface.
    package static let interfaceDescription = TextLimit(bytes: 255)
    /// Why an instance is in its state: an engine's words may be among it.
    package static let stateReason = TextLimit(bytes: 1024)
    /// What of a wrong text is repeated to the one who sent it.
    package static let quotation = TextLimit(bytes: 128)
    /// An error's line as it leaves a server.
    package static let errorMessage = TextLimit(bytes: 4096)
}

extension StringProtocol {
    /// Whether this text is as long as it may be, or shorter.
    package func fits(_ limit: TextLimit) -> Bool {
        let bytes = utf8.count
        return bytes <= limit.bytes && (bytes <= limit.scalars || unicodeScalars.count <= limit.scalars)
    }

    /// As much of its beginning as may be; a scalar is in it whole or not at all.
    package func cut(to limit: TextLimit) -> String {
        // What is short is most of it, and needs no look at each scalar.
        if utf8.count <= Swift.min(limit.scalars, limit.bytes) { return String(self) }
        var beginning = String.UnicodeScalarView()
        var (scalars, bytes) = (0, 0)
        for scalar in unicodeScalars {
            (scalars, bytes) = (scalars + 1, bytes + UTF8.width(scalar))
            if scalars > limit.scalars || bytes > limit.bytes { break }
            beginning.append(scalar)
        }
        return String(beginning)
    }
}
