// SPDX-License-Identifier: Apache-2.0

enum ConstantTime {
    /// Whether both hold the same bytes. How long it takes says nothing about where they differ, only about their length.
    static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
