// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel

/// `--output`, where one thing is shown.
struct ShowOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The output's format: table or json.")
    var output = Output.Format.table

    /// Shows pairs of words, the left ones aligned, or the value as JSON.
    func render(_ value: some Encodable, lines: [(String, String)]) throws {
        switch output {
        case .json: try Output.print(json: value)
        case .table:
            let width = lines.map(\.0.count).max() ?? 0
            let text = lines.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }
            Output.print(text.joined(separator: "\n"))
        }
    }
}
