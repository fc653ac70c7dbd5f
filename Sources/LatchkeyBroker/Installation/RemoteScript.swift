// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeyTerminal

/// Runs shell scripts on an instance and tells their answers from whatever else is printed there.
///
/// The script goes to `/bin/sh` over its input, so that the login shell, whichever it is, has nothing to quote or to
/// expand. Answers carry a random mark: what start-up files print cannot be taken for one.
struct RemoteScript {
    /// The most that a script may print; an `authorized_keys` file is some kilobytes.
    private static let limit = 4 << 20
    /// Seconds.
    private static let timeout = 60

    /// The mark before each answer: letters and digits.
    let mark: String
    let text: [UInt8]

    init(_ make: (_ mark: String) -> [UInt8]) {
        mark = Identifier.make(prefix: "latchkey-")
        text = make(mark)
    }

    /// The bytes behind the first mark.
    ///
    /// - Throws: `requestRefused` if there is no answer: a forced command, a login shell that ends by itself.
    func run(over connection: borrowing Connection, on instance: Instance) throws -> [UInt8] {
        var request = Connection.Request()
        request.command = "/bin/sh -s"
        let run: CapturedRun
        do {
            var channel = try connection.start(request)
            run = try channel.capture(
                input: text,
                limit: RemoteScript.limit,
                timeout: RemoteScript.timeout
            )
        } catch let error as SSHError {
            throw Broker.failure(error, instance, nil)
        }
        guard let start = run.output.firstRange(of: Array("\(mark) ".utf8)) else {
            let words = String(terminalSafe: run.error.prefix { $0 != UInt8(ascii: "\n") }.prefix(200))
            throw LatchkeyError(
                .requestRefused,
                "'\(instance.displayName)' ran no script: " + (words.isEmpty ? "it answered nothing" : words),
                hint: "a forced command for this key, or a login shell that allows none, stands in the way"
            )
        }
        return Array(run.output[start.upperBound...])
    }

    /// What a script that failed says, as an error of the one who ran it.
    ///
    /// - Parameters:
    ///   - answer: `full` or `failed`, and why.
    ///   - what: what did not happen, for example `did not show its authorized_keys`.
    static func failure(_ answer: String, _ what: String, _ instance: Instance) -> LatchkeyError {
        let words = answer.prefix(200).split(separator: " ", maxSplits: 1)
        let isKnown = words.count == 2 && (words[0] == "failed" || words[0] == "full")
        return LatchkeyError(
            words.first == "full" ? .storageFull : isKnown ? .fileUnusable : .connectionLost,
            "'\(instance.displayName)' \(what): " + (isKnown ? String(words[1]) : "its answer was cut off"),
            hint: isKnown ? "nothing has changed there" : "run it again: it looks what is there"
        )
    }
}
