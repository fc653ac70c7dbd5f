// SPDX-License-Identifier: Apache-2.0

/// A version of the official agent's, as its clients compare them: numbers with dots between.
package struct AgentVersion: Comparable, Sendable {
    /// Newer ones take several connections at once in a session of ports.
    package static let lastWithoutStreams = AgentVersion(3, 0, 196, 0)
    /// Newer ones need no signs of life among these.
    package static let lastWithKeepAlive = AgentVersion(3, 1, 1511, 0)

    private let numbers: [Int]

    private init(_ numbers: Int...) { self.numbers = numbers }

    /// - Returns: nil for what is no version.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, numbers.count <= 8, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        self.numbers = numbers
    }

    package static func < (left: AgentVersion, right: AgentVersion) -> Bool {
        for index in 0..<max(left.numbers.count, right.numbers.count) {
            let (one, other) = (left.number(index), right.number(index))
            if one != other { return one < other }
        }
        return false
    }

    package static func == (left: AgentVersion, right: AgentVersion) -> Bool { !(left < right) && !(right < left) }

    private func number(_ index: Int) -> Int { index < numbers.count ? numbers[index] : 0 }
}
