// SPDX-License-Identifier: Apache-2.0

/// What a terminal showed last, for the client that takes the session over.
struct Scrollback {
    private static let limit = 64 * 1024

    private var bytes: [UInt8] = []

    mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes += more.suffix(Scrollback.limit)
        // In steps, so that not every few bytes move all the others.
        if bytes.count > 2 * Scrollback.limit { bytes.removeFirst(bytes.count - Scrollback.limit) }
    }

    /// From the beginning of a line, so that it does not begin within an escape sequence or a character.
    var content: ArraySlice<UInt8> {
        let recent = bytes.suffix(Scrollback.limit)
        guard recent.startIndex > bytes.startIndex || bytes.count == 2 * Scrollback.limit,
            let newline = recent.firstIndex(of: 0x0A)
        else { return recent }
        return recent[(newline + 1)...]
    }
}
