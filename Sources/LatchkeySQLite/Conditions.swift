// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// What a row has to fulfil, all of it, with the values for the question marks.
struct Conditions {
    private var terms: [String] = []
    private(set) var arguments = StatementArguments()

    /// `WHERE …`; empty if there are none.
    var clause: String { terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ") }

    mutating func add(_ term: String, _ values: StatementArguments = []) {
        terms.append("(\(term))")
        arguments += values
    }

    /// Lets a row pass the last condition that fulfils this instead, which has no question marks.
    mutating func joinLast(orElse term: String) {
        guard let last = terms.popLast() else { return }
        terms.append("(\(last) OR \(term))")
    }

    /// - Parameter column: one of ours, never a client's word.
    mutating func add(_ column: String, isOneOf values: [String]) {
        add("\(column) IN (\(databaseQuestionMarks(count: values.count)))", StatementArguments(values))
    }
}
