// SPDX-License-Identifier: Apache-2.0

/// Lines without their ends (LF or CRLF).
struct TextLines {
    private var rest: UnsafeRawBufferPointer
    private let trims: Bool

    /// - Parameter trims: whether spaces around a line are left out, too.
    init(_ text: UnsafeRawBufferPointer, trims: Bool = true) {
        rest = text
        self.trims = trims
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        var line = rest[..<end]
        rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.endIndex)...])
        if !trims { return UnsafeRawBufferPointer(rebasing: line.last == 0x0D ? line.dropLast() : line) }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        while let last = line.last, isBlank(last) { line = line.dropLast() }
        while let first = line.first, isBlank(first) { line = line.dropFirst() }
        return UnsafeRawBufferPointer(rebasing: line)
    }
}
