// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCommandLine

extension Connect {
    /// Its options, and those of the root, that the next word is the value of.
    static let valueOptions: Set<String> = [
        "-u", "--user", "-i", "--key", "-p", "--port", "--timeout", "--keep-alive", "--road", "--profile", "--region",
        "--endpoint-url", "--passphrase-file",
    ]

    /// As with ssh(1), the first word behind the instance begins the command, and what looks like an option from there on
    /// is the command's: `connect web ls -la`. A `--` in that place says so to the parser.
    static func separatingCommand(_ arguments: [String]) -> [String] {
        let words = ArgumentWords(arguments, valueOptions: valueOptions).words
        guard words.count > 2, words[0].text == "connect" else { return arguments }
        return arguments[..<words[2].position] + ["--"] + arguments[words[2].position...]
    }
}
