// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol

/// Output that has come in its turn and was not read yet.
struct OutputQueue {
    private var chunks: [[UInt8]] = []
    private var head = 0
    private var offset = 0
    private(set) var count = 0

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        chunks.append(bytes)
        count += bytes.count
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while head < chunks.count, filled < buffer.count {
            let size = min(chunks[head].count - offset, buffer.count - filled)
            chunks[head]
                .withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + size])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
                }
            filled += size
            offset += size
            if offset == chunks[head].count {
                chunks[head] = []
                head += 1
                offset = 0
            }
        }
        count -= filled
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: true)
            head = 0
        }
        return filled
    }
}
