// SPDX-License-Identifier: Apache-2.0

/// Randomness that cannot be guessed, taken in larger pieces: for what needs a little of it thousands of times a second.
package struct BufferedRandom: RandomNumberGenerator {
    private static let size = 64
    private var numbers: [UInt64] = []

    package init() {}

    package mutating func next() -> UInt64 {
        if numbers.isEmpty {
            numbers = [UInt64](unsafeUninitializedCapacity: BufferedRandom.size) { buffer, count in
                Random.fill(UnsafeMutableRawBufferPointer(buffer))
                count = BufferedRandom.size
            }
        }
        return numbers.removeLast()
    }
}
