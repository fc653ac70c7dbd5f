// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The Python programs in `Tests/Scripts`: servers and clients that tests run, and what their own scripts begin with.
package enum Script {
    /// Their folder, from which they can import each other.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts").path

    /// The text of one of them. A test without its script cannot run.
    package static func text(_ name: String) -> String {
        let path = "\(folder)/\(name).py"
        guard let content = FileManager.default.contents(atPath: path) else { fatalError("\(path) is not there") }
        return String(decoding: content, as: UTF8.self)
    }
}
