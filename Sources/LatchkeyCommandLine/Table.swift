// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// Rows with aligned columns; every cell must be safe for a terminal.
package struct Table {
    package let header: [String]
    package var rows: [[String]] = []

    package init(_ header: [String]) { self.header = header }

    /// Lines of text, without spaces at their ends.
    package var rendered: String {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].terminalWidth }.max() ?? 0 }
        return
            lines.map { cells in
                let padded = zip(cells, widths).map { $0.padded(to: $1) }
                let line = padded.joined(separator: "  ")
                return String(line.reversed().drop { $0 == " " }.reversed())
            }
            .joined(separator: "\n")
    }
}
