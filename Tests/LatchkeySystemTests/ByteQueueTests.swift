// SPDX-License-Identifier: Apache-2.0

import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct ByteQueueTests {
    @Test(arguments: [1, 2, 64, 1000]) func `what goes in comes out, however it is mixed`(capacity: Int) {
        var generator = SeededGenerator(seed: UInt64(capacity))
        var buffer = ByteQueue(capacity: capacity)
        var model: [UInt8] = []
        for _ in 0..<2000 {
            let size = Int.random(in: 0...(generator.chance(5) ? 20_000 : 100), using: &generator)
            let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                bytes.withUnsafeBytes { buffer.append($0) }
                model += bytes
            case 1:
                let count = buffer.fill(reserving: size) { target in
                    #expect(target.count >= size)
                    target.copyBytes(from: bytes)
                    return generator.chance(10) ? nil : size
                }
                if count != nil { model += bytes }
            default:
                let count = generator.chance(20) ? model.count : Int.random(in: 0...model.count, using: &generator)
                buffer.removeFirst(count)
                model.removeFirst(count)
            }
            #expect(buffer.count == model.count && buffer.isEmpty == model.isEmpty)
            #expect(buffer.content.elementsEqual(model))
        }
    }

    @Test func `memory falls back when much has gone through`() {
        var buffer = ByteQueue(capacity: 16)
        [UInt8](repeating: 1, count: 100_000).withUnsafeBytes { buffer.append($0) }
        buffer.removeFirst(100_000)
        let free = buffer.fill(reserving: 1) { $0.count } ?? 0
        #expect(free == 16)
    }
}
