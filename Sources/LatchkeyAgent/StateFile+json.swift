// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySystem

extension StateFile {
    /// Writes what the agent keeps as JSON, for people too: one name a line, in the order of the alphabet.
    ///
    /// - Throws: `fileUnusable`, `storageFull`.
    static func write(_ path: String, json value: some Encodable) throws(LatchkeyError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let content: Data
        do { content = try encoder.encode(value) } catch {
            throw LatchkeyError(.fileUnusable, "'\(path.terminalSafe)' cannot be written: \("\(error)".terminalSafe)")
        }
        try write(path, Array(content) + [0x0A])
    }
}
