// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

struct HostKeyTextTests {
    private static let first = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg"
    private static let second = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSZpaF5kM+zY/kzDTxKleTO8V9mpbbaS4sueCHFrmA7"

    private func block(_ keys: String..., before: String = "", end: String = "\n") -> String {
        (["-----BEGIN SSH HOST KEY KEYS-----"] + keys.map { "\($0) root@x" } + ["-----END SSH HOST KEY KEYS-----"])
            .map { before + $0 + end }.joined()
    }

    private func lines(_ text: String) -> [String] { HostKeyText.keys(onConsole: text).map(\.line) }

    @Test(arguments: [
        "", "[   12.345678] cloud-init[901]: ", "Nov 24 15:00:00 web-1 cloud-init[901]: ", "<14>",
        "<14>Nov 24 15:00:00 cloud-init: ",
        "<14>1 2026-11-24T15:00:00.123456Z web-1 cloud-init 901 - - [   21.1] ec2: ",
        "[  OK  ] \u{1b}[0;32mcloud-init\u{1b}[0m[901]:", "a b c d e f g h i j k l m n ",
    ])
    func `keys stand between the marks, whatever is before them`(before: String) {
        let text = "booting\r\n" + block(Self.first, Self.second, before: before, end: "\r\n") + "\(Self.second)\r\n"
        #expect(lines(text) == [Self.first, Self.second])
    }

    @Test func `what get-console-output prints is read as the console in it`() throws {
        let console = "[  1.0] boot\r\n" + block(Self.first, Self.second, before: "<14>ec2: ", end: "\r\n")
        func answer(_ output: String) -> String {
            let text = output.replacing("\r\n", with: "\\r\\n")
            return "\n{\n  \"InstanceId\": \"i-1\",\n  \"Output\": \"\(text)\",\n  \"Timestamp\": \"x\"\n}\n"
        }
        func file(_ text: String) -> [String] { HostKeyText.keys(in: text).map(\.line) }
        #expect(file(answer(console)) == [Self.first, Self.second])
        #expect(file(answer(Data(console.utf8).base64EncodedString())) == [Self.first, Self.second])
        // It is a console still: what stands there without the marks is nobody's word.
        #expect(file(answer("\(Self.first)\r\n")) == [])
        #expect(file(answer(block(Self.first, end: "\r\n") + block(Self.second, end: "\r\n"))) == [])
        #expect(file("{\"Output\": 7}") == [] && file("{\n\(Self.first)\n") == [])
    }

    @Test func `the same said twice is said, a contradiction is not`() {
        #expect(lines(block(Self.first) + "more\n" + block(Self.first)) == [Self.first])
        #expect(lines(block(Self.first) + block(Self.second)) == [])
        #expect(lines(block(Self.first) + block(Self.first, Self.second)) == [])
        #expect(lines(block(Self.first) + block()) == [])
    }

    @Test func `what is not between both marks is no key of the instance's`() {
        let whole = block(Self.first)
        #expect(lines("\(Self.first)\n") == [])
        #expect(lines(String(whole.dropLast(20))) == [])
        #expect(lines(String(whole.dropFirst(20))) == [])
        #expect(lines("-----END SSH HOST KEY KEYS-----\n\(Self.first)\n-----BEGIN SSH HOST KEY KEYS-----\n") == [])
        // One that was cut off, and a whole one behind it.
        #expect(lines("-----BEGIN SSH HOST KEY KEYS-----\n\(Self.second)\n" + whole) == [Self.first])
    }

    /// What sshd writes of those who come and go has the lines that they like (sshd -D -e).
    @Test func `behind sshd's first line nothing counts`() {
        let listens = "Server listening on 0.0.0.0 port 22.\nServer listening on :: port 22.\n"
        let forged = "Received disconnect from 10.0.0.9 port 5:11: bye\n" + block(Self.second)
        #expect(lines(block(Self.first) + listens + forged) == [Self.first])
        #expect(lines(listens + forged) == [])
        #expect(lines("Nov 24 15:00:00 web-1 sshd[9]: " + listens + forged) == [])
        // Begun before, ended after.
        let whole = block(Self.first)
        #expect(lines(whole.dropLast(32) + "\n" + listens + forged) == [])
        func file(_ text: String) -> [String] { HostKeyText.keys(in: text).map(\.line) }
        #expect(file(block(Self.first) + listens + forged) == [Self.first])
        #expect(file(listens + forged) == [])
        #expect(file(listens + "x\n\(Self.second)\n") == [])
        #expect(file("sshd: x\n\(Self.second)\n") == [])
        #expect(file(block(Self.first) + block(Self.second)) == [])
        #expect(
            file("# web-1:22 SSH-2.0-OpenSSH\n\nweb-1 \(Self.first)\n\(Self.second) root@x\r\n") == [
                Self.first, Self.second,
            ]
        )
    }

    @Test func `a console is disarmed for those who know no better`() {
        let listens = "Server listening on 0.0.0.0 port 22.\n"
        func disarmed(_ text: String, _ beginsWithBoot: Bool) -> String {
            String(decoding: HostKeyText.disarmed(Array(text.utf8), beginsWithBoot: beginsWithBoot), as: UTF8.self)
        }
        let boot = "booting\r\n" + block(Self.first)
        #expect(disarmed(boot, true) == boot)
        let text = disarmed(boot + listens + block(Self.second), true)
        #expect(text.hasPrefix(boot + listens) && text.contains(Self.second))
        #expect(text.dropFirst(boot.count).contains("-----BEGIN ssh host key KEYS-----\n"))
        #expect(!text.dropFirst(boot.count).contains("SSH HOST KEY"))
        // Without its beginning, sshd may have listened before.
        #expect(lines(disarmed(block(Self.second), false)) == [])
        #expect(HostKeyText.disarmed([0xFF, 0x0A, 0xFE], beginsWithBoot: false) == [0xFF, 0x0A, 0xFE])
    }

    @Test func `what is written is read`() throws {
        let keys = [Self.first, Self.second].compactMap { PublicKey(line: $0) }
        #expect(keys.count == 2)
        #expect(HostKeyText.keys(onConsole: "no end of a line" + HostKeyText.block(of: keys)) == keys)
        #expect(HostKeyText.block(of: []) == "")
    }
}
