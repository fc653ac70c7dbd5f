// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import LatchkeyStore

extension ManagedInstanceFilter {
    func add(to conditions: inout Conditions) throws {
        switch self {
        case .instanceIDs(let values):
            conditions.add("instanceID IN (SELECT value FROM json_each(?))", [try SQLiteStore.json(values)])
        case .notInstanceIDs(let values):
            conditions.add("instanceID NOT IN (SELECT value FROM json_each(?))", [try SQLiteStore.json(values)])
        case .activationIDs(let values): conditions.add("activationID", isOneOf: values)
        case .agentVersions(let values): conditions.add("agentVersion", isOneOf: values)
        case .platformTypes(let values): conditions.add("platformType", isOneOf: values)
        case .resourceTypes(let values):
            let type = "CASE WHEN instanceID GLOB 'mi-*' THEN 'ManagedInstance' ELSE 'EC2Instance' END"
            conditions.add(type, isOneOf: values)
        case .tag(let key, let values):
            var inner = Conditions()
            inner.add("key = ?", [key])
            inner.add("value", isOneOf: values)
            conditions.add("instanceID IN (SELECT instanceID FROM instanceTag \(inner.clause))", inner.arguments)
        case .tagKeys(let values):
            var inner = Conditions()
            inner.add("key", isOneOf: values)
            conditions.add("instanceID IN (SELECT instanceID FROM instanceTag \(inner.clause))", inner.arguments)
        case .nothing: conditions.add("FALSE")
        case .pinged(let date): conditions.add("lastPing >= ?", [date.milliseconds])
        case .notPinged(let date): conditions.add("lastPing IS NULL OR lastPing < ?", [date.milliseconds])
        }
    }
}
