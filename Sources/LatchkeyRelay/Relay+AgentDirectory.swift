// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel
package import NIOCore

extension Relay: AgentDirectory {
    package func agent(of instanceID: Instance.ID) -> EventLoopFuture<ConnectedAgent?> {
        loop.submit { self.controls[instanceID].map(Relay.agent) }
    }

    private static func agent(_ control: ControlLink) -> ConnectedAgent {
        ConnectedAgent(
            agentVersion: control.agentVersion,
            isOwn: control.isOwn,
            takesPushedKeys: control.takesPushedKeys
        )
    }

    package func hasJustStarted() -> EventLoopFuture<Bool> {
        loop.submit { self.started.map { .now() - $0 < self.limits.agentReturn } ?? true }
    }

    package func arrival(ofAgentOf instanceID: Instance.ID, within time: TimeAmount) -> EventLoopFuture<ConnectedAgent?>
    {
        loop.flatSubmit {
            if let control = self.controls[instanceID] {
                return self.loop.makeSucceededFuture(Relay.agent(control))
            }
            let promise = self.loop.makePromise(of: ConnectedAgent?.self)
            self.arrivals[instanceID, default: []].append(promise)
            let timer = self.loop.scheduleTask(in: time) { self.giveUp(promise, on: instanceID) }
            promise.futureResult.whenComplete { _ in timer.cancel() }
            return promise.futureResult
        }
    }

    /// The agent has not come in time.
    private func giveUp(_ promise: EventLoopPromise<ConnectedAgent?>, on instanceID: String) {
        let left = (arrivals[instanceID] ?? []).filter { $0.futureResult !== promise.futureResult }
        arrivals[instanceID] = left.isEmpty ? nil : left
        promise.succeed(nil)
    }

    /// Tells those who wait for this agent that it is there.
    func answerArrivals(_ control: ControlLink) {
        for promise in arrivals.removeValue(forKey: control.instanceID) ?? [] {
            promise.succeed(Relay.agent(control))
        }
    }

    /// Seconds for which a second agent counts as there, after it was turned away: it tries again all the time.
    private static let copyMemory = 600.0

    package func copied() -> EventLoopFuture<[Instance.ID: Date]> {
        loop.submit {
            self.copies = self.copies.filter { $0.value.timeIntervalSinceNow > -Relay.copyMemory }
            return self.copies
        }
    }

    package func connected() -> EventLoopFuture<Set<Instance.ID>> { loop.submit { Set(self.controls.keys) } }
}
