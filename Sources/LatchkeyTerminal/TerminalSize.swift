// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// A terminal's size in character cells.
package struct TerminalSize: Equatable, Sendable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// What a terminal that does not know its size is taken for.
    package static let fallback = TerminalSize(columns: 80, rows: 24)
}
