// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

package struct HTTPResponse: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The body's beginning, for messages.
    package var excerpt: String { String(decoding: body.prefix(300), as: UTF8.self).terminalSafe }
}
