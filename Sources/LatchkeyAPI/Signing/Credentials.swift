// SPDX-License-Identifier: Apache-2.0

/// What a caller of the API signs with. Its descriptions do not show the secret.
package struct Credentials: Equatable, Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// What a temporary key is sent with; nil for a lasting one.
    package let sessionToken: String?

    /// - Parameter sessionToken: an empty one counts as none, as for botocore: files and programs write it so.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "credentials \(accessKeyID)" }
    package var debugDescription: String { description }
    /// `dump` and the messages of failed tests look here.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}
