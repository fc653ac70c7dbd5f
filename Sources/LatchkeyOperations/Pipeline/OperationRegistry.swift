// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization

/// The operations that are offered.
struct OperationRegistry: Sendable {
    private var operations: [Action: RegisteredOperation] = [:]

    /// - Precondition: none of this action is there.
    mutating func add(_ operation: some Operation) { add(RegisteredOperation(operation)) }

    /// - Precondition: none of this action is there.
    mutating func add(_ registered: RegisteredOperation) {
        let former = operations.updateValue(registered, forKey: registered.action)
        precondition(former == nil, "\(registered.action) is there twice")
    }

    /// Nil if it is not offered.
    subscript(action: Action) -> RegisteredOperation? { operations[action] }

    var actions: Set<Action> { Set(operations.keys) }
}
