// SPDX-License-Identifier: Apache-2.0

/// Bytes as words that can be said aloud (A. Huima, "The Bubble Babble Binary Data Encoding"), as `ssh-keygen -B` shows
/// the SHA-1 of a key.
enum BubbleBabble {
    private static let vowels = Array("aeiouy")
    private static let consonants = Array("bcdfghklmnprstvzx")

    static func encode(_ bytes: [UInt8]) -> String {
        var text = "x"
        var seed = 1
        for start in stride(from: 0, through: bytes.count, by: 2) {
            if start < bytes.count {
                let first = Int(bytes[start])
                text.append(vowels[((first >> 6 & 3) + seed) % 6])
                text.append(consonants[first >> 2 & 15])
                text.append(vowels[((first & 3) + seed / 6) % 6])
                if start + 1 < bytes.count {
                    let second = Int(bytes[start + 1])
                    text.append(consonants[second >> 4 & 15])
                    text.append("-")
                    text.append(consonants[second & 15])
                    seed = (seed * 5 + first * 7 + second) % 36
                }
            } else {
                // An even number of bytes ends with a group that only tells the checksum.
                text.append(vowels[seed % 6])
                text.append(consonants[16])
                text.append(vowels[seed / 6])
            }
        }
        return text + "x"
    }

    /// Whether a text has the form; the words are not looked into.
    static func isForm(_ text: some StringProtocol) -> Bool {
        let words = text.split(separator: "-", omittingEmptySubsequences: false)
        return words.count >= 2 && text.hasPrefix("x") && text.hasSuffix("x") && words.allSatisfy { $0.count == 5 }
            && words.joined().allSatisfy { vowels.contains($0) || consonants.contains($0) }
    }
}
