// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyModel
import LatchkeySystem

@testable import LatchkeyAgent
@testable import LatchkeySessionProtocol

/// What a client sends to an end, message by message.
struct Deliveries {
    private var sequence: Int64 = 0
    private var random = SystemRandomNumberGenerator()

    mutating func next(_ payload: [UInt8], _ type: PayloadType = .output) -> StreamReceiver.Delivery {
        defer { sequence += 1 }
        return StreamReceiver.Delivery(
            sequence: sequence,
            id: MessageStamp.make(&random).id,
            payloadType: type.rawValue,
            payload: payload
        )
    }
}

extension SessionBackend {
    /// Offers a message until it is taken, for at most ten seconds.
    ///
    /// - Returns: whether it was.
    func take(_ delivery: StreamReceiver.Delivery, _ channel: inout DataChannel) throws -> Bool {
        let deadline = SystemClock.milliseconds() + 10_000
        while SystemClock.milliseconds() < deadline {
            try pump(into: &channel)
            if try accept(delivery) { return true }
            usleep(5000)
        }
        return false
    }
}
