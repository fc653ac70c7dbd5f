// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHTTP
internal import LatchkeySessionProtocol
internal import LatchkeyTransport
internal import NIOCore

/// An agent's control channel.
final class ControlLink: ChannelDelegate {
    private unowned let relay: Relay
    let instanceID: String
    private(set) var handler: SocketHandler?
    /// It has shown its token.
    var isOpen = false
    /// What it rests on; nil until it has shown its token.
    var grant: Grant?
    /// What the agent said of itself; nil until then.
    var agentVersion: String?
    /// It said which sessions it has: Latchkey's own agent.
    var isOwn = false
    /// It said that its instance's sshd asks it for pushed keys.
    var takesPushedKeys = false
    /// Of the agent's process; nil from an official one.
    var process: String?
    /// Since when a sign of life is waited for, on which the place of another process depends.
    private(set) var challenged: NIODeadline?
    let opened = NIODeadline.now()

    init(relay: Relay, instanceID: String) {
        self.relay = relay
        self.instanceID = instanceID
    }

    /// Asks for a sign of life.
    func challenge() {
        guard challenged == nil else { return }
        challenged = .now()
        handler?.ping()
    }

    /// - Returns: whether it was asked for so long ago that none will come.
    func hasFailed(within time: TimeAmount, _ now: NIODeadline) -> Bool {
        guard let challenged, let handler else { return false }
        if handler.lastHeard > challenged {
            self.challenged = nil
            return false
        }
        return now - challenged > time
    }

    /// The most bytes of a message that is meant for the relay itself.
    static let messageLimit = 256 * 1024

    var prefixSize: Int { 0 }
    var gatherLimit: Int { ControlLink.messageLimit }
    /// An agent that does not take what it is told is not listened to: else answers would pile up here.
    var holdsReads: Bool { handler.map { !$0.isWritable } ?? false }

    func opened(_ handler: SocketHandler) {
        self.handler = handler
        relay.opened(self)
    }

    func closed(_ handler: SocketHandler) {
        self.handler = nil
        relay.closed(self)
    }

    func classify(_ prefix: UnsafeRawBufferPointer, size: Int?) -> FrameDisposition { .gather }

    func received(_ opcode: SocketOpcode, _ message: ByteBuffer) {
        if isOpen { relay.received(message, from: self) } else { relay.open(self, message) }
    }

    func refused(_ why: String) { relay.refused(why, instanceID) }
    func flushPartner() {}
    func writabilityChanged() { handler?.resumeReading() }

    func send(_ type: MessageType, _ content: some Encodable) {
        handler?.send(.binary, relay.message(type, content))
        handler?.flush()
    }
}
