// SPDX-License-Identifier: Apache-2.0

/// A parameter, or the beginning of the names of several. It does not change once the form was read: hence `@unchecked`.
final class QueryNode: @unchecked Sendable {
    var value: String?
    var children: [String: QueryNode] = [:]

    func child(_ name: String) -> QueryNode {
        if let known = children[name] { return known }
        let made = QueryNode()
        children[name] = made
        return made
    }

    /// The name of a value that was not read, the first in the order of names; nil if there is none.
    func unread(_ tracker: QueryTracker, ignoring ignored: Set<String> = []) -> String? {
        for (name, child) in children.sorted(by: { $0.key < $1.key }) where !ignored.contains(name) {
            if child.value != nil, !tracker.hasRead(child) { return name }
            if let rest = child.unread(tracker) { return "\(name).\(rest)" }
        }
        return nil
    }
}
