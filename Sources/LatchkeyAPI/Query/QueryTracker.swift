// SPDX-License-Identifier: Apache-2.0

/// Which values were asked for.
final class QueryTracker {
    private var read: Set<ObjectIdentifier> = []

    func note(_ node: QueryNode) { read.insert(ObjectIdentifier(node)) }
    func hasRead(_ node: QueryNode) -> Bool { read.contains(ObjectIdentifier(node)) }
}
