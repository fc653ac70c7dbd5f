// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyKeys
import LatchkeyModel
import LatchkeySSH
import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

/// Each reason why an instance was not entered, in words, with the next step.
struct EntryErrorTests {
    private func candidate(_ name: String) -> KeyCandidate {
        KeyCandidate(source: .file(path: "/keys/\(name)"), publicKey: Plans.otherKey)
    }

    // MARK: Keys

    @Test func `no key at all, one that does not fit, and many`() {
        let plan = Plans.plan(hasKey: false)
        let none = plan.noKeyFits([], others: 0)
        #expect(none.code == .noKeyFits)
        #expect(none.message == "there is no private key on this machine to enter 'web' with")
        #expect(none.hint?.hasPrefix("name one with --key; to get back in: ") == true)
        #expect(plan.noKeyFits([candidate("a")], others: 1).message == "tried 1 key; 'web' does not accept it")
        let many = plan.noKeyFits([candidate("a"), candidate("b")], others: 40)
        #expect(many.message == "tried 2 of 40 keys; 'web' accepts none")
    }

    @Test func `a private half that is elsewhere is named by its fingerprint`() {
        let plan = Plans.plan(registered: Plans.pair, hasKey: false)
        let error = plan.noKeyFits([], others: 0)
        #expect(
            error.message
                == "the private half of the key pair 'team' of 'web' is not on this machine, and there is no other key"
        )
        #expect(error.hint?.contains(Fingerprint.openSSH(Plans.key)) == true)
        #expect(plan.noKeyFits([candidate("a")], others: 1).message.hasSuffix("and none of 1 other keys fits"))
    }

    @Test func `the instance's own key, which it does not take`() {
        let plan = Plans.plan(registered: Plans.pair)
        let error = plan.noKeyFits([candidate("team")], others: 0)
        #expect(error.code == .loginRefused)
        #expect(error.message == "'web' does not let 'ann' in with its own key pair, nor with any other key")
        #expect(
            plan.noKeyFits([candidate("team"), candidate("a"), candidate("b")], others: 2).message
                == "'web' does not let 'ann' in with its own key pair, nor with 2 other keys"
        )
    }

    @Test func `the key that was named, which it does not take`() {
        let error = Plans.plan(isKeyNamed: true).namedKeyRefused([candidate("k")])
        #expect(error.code == .loginRefused)
        #expect(error.message.hasPrefix("'web' does not let 'ann' in with "))
        #expect(error.hint == "latchkey explain 'web' shows what else there is")
    }

    // MARK: The instance

    /// A broker that asks nothing of a network.
    private func broker(
        _ control: FakeControlPlane,
        _ interaction: FakeInteraction,
        _ scratch: Scratch
    ) throws -> Broker {
        Broker(
            control: control,
            library: KeyLibrary(folders: [], indexPath: "\(scratch.path)/index", agent: nil),
            agent: nil,
            directory: KeyDirectory(path: "\(scratch.path)/keys"),
            keyring: try Keyring(interaction),
            interaction: interaction,
            trace: .off
        )
    }

    private func connector(
        _ instance: Instance,
        _ scratch: Scratch,
        answer: Bool? = nil,
        _ change: (FakeControlPlane, inout Broker.Options) -> Void = { _, _ in }
    ) throws -> SSHConnector {
        let control = FakeControlPlane(instance)
        var options = Broker.Options()
        options.user = "ann"
        change(control, &options)
        return try SSHConnector(
            instance: instance,
            options: options,
            broker: try broker(control, FakeInteraction(answer: answer), scratch)
        )
    }

    private func failure(_ body: () throws -> Void) -> LatchkeyError? {
        do {
            try body()
            return nil
        } catch { return error as? LatchkeyError }
    }

    @Test func `an instance that does not run, or has no address`() throws {
        try Scratch.with { scratch in
            let cases: [(Instance, LatchkeyError.Code, String)] = [
                (Plans.instance(.stopped), .instanceNotRunning, "latchkey instance start 'web'"),
                (Plans.instance(.terminated), .instanceNotRunning, "wait, or choose another"),
                (Plans.instance(addresses: []), .instanceUnreachable, "remove it and add it with --address"),
                (Plans.instance(.pending, addresses: []), .instanceUnreachable, "it is just being launched"),
                (
                    Plans.instance(id: "mi-0123456789abcdef0", addresses: []), .instanceUnreachable,
                    "its agent opens shells through the relay"
                ),
            ]
            for (instance, code, hint) in cases {
                let found = failure { _ = try connector(instance, scratch) }
                #expect(found?.code == code && found?.hint?.hasPrefix(hint) == true, "\(found as Any)")
            }
        }
    }

    @Test func `each way in which a login ends`() throws {
        try Scratch.with { scratch in
            let connector = try connector(Plans.instance(), scratch)
            let cases: [(SSHError, LatchkeyError.Code, String)] = [
                (.denied(methods: ["publickey"]), .userRefused, "knows the key, but does not let 'ann' in with it"),
                (.denied(methods: ["publickey", "password"]), .userRefused, "it also takes password"),
                (.timedOut, .connectionLost, "stopped answering during the login"),
                (.disconnected("bye"), .connectionLost, "closed the connection during the login"),
                (.system("x"), .connectionLost, "closed the connection during the login"),
                (.notSigned, .keyUnusable, "knows the key, but it did not sign"),
                (.closedAtStart("Not allowed"), .instanceUnreachable, "closed the connection before SSH began, saying"),
                (.identificationTooLong(300), .instanceUnreachable, "its identification has 300 bytes"),
            ]
            for (end, code, text) in cases {
                let found = connector.loginFailure(end)
                #expect(found.code == code, "\(end)")
                #expect("\(found.message); \(found.hint ?? "")".contains(text), "\(end): \(found)")
            }
        }
    }

    // MARK: Host keys

    private func hostKey(_ key: PublicKey) -> HostKey { HostKey(key: key, source: .given, pinned: Date()) }

    @Test func `the host key that is pinned is taken, and another one never`() throws {
        try Scratch.with { scratch in
            let pinned = try connector(Plans.instance(hostKeys: [hostKey(Plans.key)]), scratch, answer: true)
            let known = failure { try pinned.check(Plans.key, trusting: true) }
            #expect(known == nil)
            let found = failure { try pinned.check(Plans.otherKey, trusting: true) }
            #expect(found?.code == .hostKeyChanged)
            #expect(found?.message.contains(Fingerprint.openSSH(Plans.otherKey)) == true)
        }
    }

    @Test func `a host key that the control plane attests is pinned without a question`() throws {
        try Scratch.with { scratch in
            for (shown, code) in [(Plans.key, nil), (Plans.otherKey, LatchkeyError.Code.hostKeyChanged)] {
                let connector = try connector(Plans.instance(), scratch) { control, _ in
                    control.attested = [hostKey(Plans.key)]
                }
                let found = failure { try connector.check(shown, trusting: true) }
                #expect(found?.code == code)
                let control = try #require(connector.broker.control as? FakeControlPlane)
                #expect(control.pinned.map(\.key) == [Plans.key])
            }
        }
    }

    @Test func `a host key that is new is asked about where someone can answer`() throws {
        try Scratch.with { scratch in
            let cases: [(Bool?, LatchkeyError.Code?)] = [(true, nil), (false, .cancelled), (nil, .hostKeyUnknown)]
            for (answer, code) in cases {
                let connector = try connector(Plans.instance(), scratch, answer: answer)
                let found = failure { try connector.check(Plans.key, trusting: true) }
                #expect(found?.code == code)
                let control = try #require(connector.broker.control as? FakeControlPlane)
                #expect(control.pinned.map(\.source) == (answer == true ? [.confirmed] : []))
                let interaction = try #require(connector.broker.interaction as? FakeInteraction)
                #expect(interaction.questions.first?.contains(Fingerprint.openSSH(Plans.key)) == true)
                // `explain` trusts nothing.
                let looking = try self.connector(Plans.instance(), scratch, answer: true)
                let seen = failure { try looking.check(Plans.key, trusting: false) }
                #expect(seen?.code == .hostKeyUnknown)
            }
            let unattended = try connector(Plans.instance(), scratch) { $1.acceptsNewHostKey = true }
            let first = failure { try unattended.check(Plans.key, trusting: true) }
            #expect(first == nil)
        }
    }
}
