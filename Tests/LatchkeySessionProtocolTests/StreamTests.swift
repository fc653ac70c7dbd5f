// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeySessionProtocol

/// Sender and receiver over channels that lose, double, reorder, delay and cut. A failure names its seed.
struct StreamTests {
    private static let receiverLimit = 12_000

    private static func sender(_ acknowledgement: StreamSender.Acknowledgement, _ limits: StreamSender.Limits)
        -> StreamSender
    {
        var sender = StreamSender(.output, limits: limits)
        sender.acknowledgement = acknowledgement
        return sender
    }

    /// A channel of which anything is to be feared.
    private static func hostile(_ seed: UInt64) -> (losses: Int, doubles: Int, delay: Int64, work: Int64) {
        var generator = SeededGenerator(seed: seed ^ 0xABCD)
        return (
            Int.random(in: 0...20, using: &generator), Int.random(in: 0...15, using: &generator),
            Int64.random(in: 1...300, using: &generator),
            generator.chance(50) ? 0 : Int64.random(in: 1...40, using: &generator)
        )
    }

    @Test(arguments: [false, true]) func `everything arrives in order over a channel of which anything is to be feared`(
        isCumulative: Bool
    ) {
        for seed in 0..<200 as Range<UInt64> {
            let chance = Self.hostile(seed)
            let conditions = Simulation<LatchkeyPeer>
                .Conditions(
                    losses: chance.losses,
                    doubles: chance.doubles,
                    overtakes: true,
                    delay: 1...chance.delay,
                    cuts: Int(seed % 5),
                    work: 0...chance.work,
                    standstill: seed.isMultiple(of: 3) ? 20_000 : 0
                )
            var simulation = Simulation(
                seed: seed,
                conditions,
                Self.sender(isCumulative ? .cumulative : .individual, conditions.limits),
                LatchkeyPeer(isCumulative: isCumulative, limit: Self.receiverLimit)
            )
            let fault = simulation.run(until: 600_000)
            #expect(fault == nil, "seed \(seed)")
        }
    }

    @Test func `everything arrives at an official agent, which acknowledges what is early`() {
        for seed in 0..<200 as Range<UInt64> {
            let chance = Self.hostile(seed)
            let conditions = Simulation<OfficialPeer>
                .Conditions(
                    losses: chance.losses,
                    doubles: chance.doubles,
                    overtakes: true,
                    delay: 1...chance.delay,
                    cuts: Int(seed % 5)
                )
            var simulation = Simulation(
                seed: seed,
                conditions,
                Self.sender(.individual, conditions.limits),
                OfficialPeer(isAgent: true, readyAt: Int64(seed % 4) * 700)
            )
            let fault = simulation.run(until: 600_000)
            #expect(fault == nil, "seed \(seed)")
        }
    }

    @Test func `everything arrives at an official plugin, whatever acknowledgements are lost in cuts`() {
        for seed in 0..<200 as Range<UInt64> {
            let chance = Self.hostile(seed)
            let conditions = Simulation<OfficialPeer>
                .Conditions(
                    delay: 1...chance.delay,
                    cuts: Int(seed % 9),
                    cutsWithin: 20_000,
                    cutsPeer: true,
                    work: 0...chance.work,
                    standstill: seed.isMultiple(of: 3) ? 20_000 : 0,
                    limits: StreamSender.Limits(bytes: 65_536, messages: 256),
                    total: 200_000
                )
            var simulation = Simulation(
                seed: seed,
                conditions,
                Self.sender(.once, conditions.limits),
                OfficialPeer(isAgent: false, readyAt: Int64(seed % 7) * 1000)
            )
            let fault = simulation.run(until: 600_000)
            #expect(fault == nil, "seed \(seed)")
        }
    }

    @Test(arguments: [.individual, .cumulative, .once] as [StreamSender.Acknowledgement])
    func `a cut at any message or acknowledgement of a short transfer loses nothing`(
        acknowledgement: StreamSender.Acknowledgement
    ) {
        for place in 1...60 {
            for seed in 0..<4 as Range<UInt64> {
                let limits = StreamSender.Limits(bytes: 8192, messages: 8)
                let fault: String?
                if acknowledgement == .once {
                    let conditions = Simulation<OfficialPeer>
                        .Conditions(cutAfter: place, cutsPeer: seed > 1, limits: limits, total: 12_000)
                    var simulation = Simulation(
                        seed: seed,
                        conditions,
                        Self.sender(acknowledgement, limits),
                        OfficialPeer(isAgent: false, readyAt: 0)
                    )
                    fault = simulation.run(until: 60_000)
                } else {
                    let conditions = Simulation<LatchkeyPeer>.Conditions(cutAfter: place, limits: limits, total: 12_000)
                    var simulation = Simulation(
                        seed: seed,
                        conditions,
                        Self.sender(acknowledgement, limits),
                        LatchkeyPeer(isCumulative: acknowledgement == .cumulative, limit: Self.receiverLimit)
                    )
                    fault = simulation.run(until: 10_000)
                }
                #expect(fault == nil, "seed \(seed), cut after \(place)")
            }
        }
    }

    @Test(arguments: [.individual, .cumulative, .once] as [StreamSender.Acknowledgement])
    func `nothing is sent twice over a good channel, however slow its other end is`(
        acknowledgement: StreamSender.Acknowledgement
    ) {
        let limits = StreamSender.Limits(bytes: 1 << 20, messages: 4096)
        let conditions = Simulation<LatchkeyPeer>.Conditions(work: 20...20, limits: limits)
        var simulation = Simulation(
            seed: 1,
            conditions,
            Self.sender(acknowledgement, limits),
            LatchkeyPeer(isCumulative: false, limit: 1 << 20)
        )
        #expect(simulation.run(until: 60_000) == nil)
        // Each message and its acknowledgement; the first wait is a guess still.
        #expect(simulation.transmissions <= 2 * Int(simulation.sender.nextSequence) + 2)
    }
}
