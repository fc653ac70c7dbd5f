// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyModel

extension Output {
    /// The form that was asked for.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    /// Prints text. A reader that has gone away ends the process as any filter does; a full disk is told.
    static func print(_ text: String) {
        do { try write(text) } catch {
            Console.report(error)
            exit(1)
        }
    }

    /// JSON with sorted keys, so that it can be compared.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(value)) } catch {
            throw LatchkeyError(.fileUnusable, "the answer cannot be written as JSON", cause: "\(error)")
        }
        // JSON may carry what a terminal would obey only in escaped form (RFC 8259 §7 asks it below U+0020 only).
        print(String(decoding: bytes, as: UTF8.self).jsonTerminalSafe)
    }
}

extension String {
    /// JSON text with the characters that a terminal could obey written as `\u001b` is, which means the same to a reader.
    var jsonTerminalSafe: String {
        terminalSafe(keepsLines: true) { scalar in
            String(scalar).utf16
                .map { unit in
                    let digits = String(unit, radix: 16)
                    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
                .joined()
        }
    }
}

/// `--output` and `--quiet`, wherever something is listed.
struct ListOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The output's format: table or json.")
    var output = Output.Format.table

    @Flag(name: .shortAndLong, help: "Print only names or ids, a line each.")
    var quiet = false

    func render<Item: Encodable>(
        _ items: [Item],
        header: [String],
        quiet name: (Item) -> String,
        empty: String? = nil,
        row: (Item) -> [String]
    ) throws {
        if quiet {
            if !items.isEmpty { Output.print(items.map(name).joined(separator: "\n")) }
            return
        }
        switch output {
        case .json: try Output.print(json: items)
        case .table:
            var table = Table(header)
            table.rows = items.map(row)
            Output.print(table.rendered)
            if items.isEmpty, let empty { Console.note("latchkey: \(empty)") }
        }
    }
}
