// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
package import LatchkeySystem

/// Questions to the person at the terminal, asked at `/dev/tty` so that input and output may be redirected.
package struct Prompt: ~Copyable {
    private let descriptor: Int32

    /// - Returns: nil if this process has no terminal.
    package init?() {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Asks for a passphrase without showing it.
    ///
    /// - Throws: `LatchkeyError.cancelled` on Ctrl-D at the start or a closed terminal; Ctrl-C ends the process as a
    ///   signal does, the terminal set back.
    package borrowing func passphrase(_ question: String) throws -> Secret {
        guard let terminal = Terminal(descriptor: descriptor) else { throw Prompt.closed }
        try terminal.makeKeywise()
        defer { Terminal.restore() }
        say(question)
        var secret = Secret(capacity: Secret.passphraseLimit)
        while true {
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { throw Prompt.closed }
            switch byte {
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                say("\n")
                return secret
            case 0x03:
                say("\n")
                Signals.die(by: SIGINT)
            case 0x1C:
                say("\n")
                Signals.die(by: SIGQUIT)
            case 0x1A:
                // The program that takes the terminal meanwhile finds it as it was.
                Terminal.restore()
                kill(getpid(), SIGTSTP)
                try terminal.makeKeywise()
                secret.removeAll()
                say("\n\(question)")
            case 0x04 where secret.count == 0:
                say("\n")
                throw Prompt.closed
            case 0x7F, 0x08: secret.removeLast()
            case 0x15: secret.removeAll()
            default:
                guard secret.count < Secret.passphraseLimit, secret.append(byte) else {
                    say("\n")
                    throw LatchkeyError(.passphraseWrong, "a passphrase has at most \(Secret.passphraseLimit) bytes")
                }
            }
        }
    }

    /// Asks a question that is answered by `yes` or `no` in full, as one about trust should be.
    package borrowing func confirm(_ question: String) throws -> Bool {
        var prompt = question
        for _ in 0..<3 {
            say(prompt)
            guard let answer = line() else { throw Prompt.closed }
            switch answer.lowercased() {
            case "yes": return true
            case "no", "": return false
            default: prompt = "please type 'yes' or 'no': "
            }
        }
        return false
    }

    private borrowing func line() -> String? {
        var bytes: [UInt8] = []
        while bytes.count < 4096 {
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1 else { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private borrowing func say(_ text: String) { _ = Descriptor.writeAll(descriptor, Array(text.utf8)) }

    private static var closed: LatchkeyError { LatchkeyError(.cancelled, "there was no answer at the terminal") }
}
