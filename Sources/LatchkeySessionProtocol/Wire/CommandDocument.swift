// SPDX-License-Identifier: Apache-2.0

/// The document that runs a script, in the shape that the official agent reads (schema 1.2).
package enum CommandDocument {
    package static let plugin = "aws:runShellScript"

    package struct Step: Codable, Sendable {
        package var id = "0.aws:runShellScript"
        package var runCommand = "{{ commands }}"
        package var workingDirectory = "{{ workingDirectory }}"
        package var timeoutSeconds = "{{ executionTimeout }}"

        package init() {}
    }
}
