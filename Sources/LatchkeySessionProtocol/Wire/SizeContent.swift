// SPDX-License-Identifier: Apache-2.0

/// A pseudo-terminal's size as it is sent.
package struct SizeContent: Codable, Equatable, Sendable {
    package var cols: Int
    package var rows: Int

    package init(cols: Int, rows: Int) {
        self.cols = cols
        self.rows = rows
    }
}
