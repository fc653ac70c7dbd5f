// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeySystem

/// How long an instance is tried to be reached.
struct TimeoutOption: ParsableArguments {
    /// What `--timeout` is where it is not given.
    private static let variable = "LATCHKEY_TIMEOUT"
    private static let usual = 10

    @Option(
        help: ArgumentHelp(
            "Seconds for reaching an instance; else \(TimeoutOption.variable), or \(TimeoutOption.usual).",
            valueName: "seconds"
        )
    )
    var timeout: Int?

    /// What was asked for, by the option or the variable.
    private var asked: (name: String, text: String)? {
        if let timeout { return ("--timeout", String(timeout)) }
        return Environment.value(TimeoutOption.variable).map { (TimeoutOption.variable, $0) }
    }

    var seconds: Int { asked.flatMap { Int($0.text) } ?? TimeoutOption.usual }

    mutating func validate() throws {
        guard let asked else { return }
        guard let seconds = Int(asked.text), (1...3600).contains(seconds) else {
            throw ValidationError("\(asked.name) must be between 1 and 3600 seconds")
        }
    }
}
