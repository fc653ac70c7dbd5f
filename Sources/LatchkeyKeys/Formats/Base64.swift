// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySystem

/// Base64 of what is not secret.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// - Returns: nil if it is not base64.
    static func decode(_ text: some StringProtocol) -> [UInt8]? { Data(base64Encoded: String(text)).map(Array.init) }

    /// Lines of so many characters, each with its end.
    static func lines(_ bytes: [UInt8], columns: Int) -> String {
        var rest = encode(bytes)[...]
        var text = ""
        while !rest.isEmpty {
            text += rest.prefix(columns) + "\n"
            rest = rest.dropFirst(columns)
        }
        return text
    }
}
