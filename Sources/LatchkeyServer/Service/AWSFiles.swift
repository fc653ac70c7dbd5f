// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The two files in which the AWS tools keep their profiles.
package struct AWSFiles: Sendable {
    let config: String
    let credentials: String

    package init(config: String, credentials: String) {
        self.config = config
        self.credentials = credentials
    }

    /// Those that this environment names, as the AWS tools find them.
    package static var current: AWSFiles {
        func path(_ name: String, _ standard: String) -> String {
            let path = Environment.value(name) ?? "~/.aws/\(standard)"
            return path.hasPrefix("~/") ? Environment.home + path.dropFirst() : path
        }
        return AWSFiles(
            config: path("AWS_CONFIG_FILE", "config"),
            credentials: path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        )
    }
}
