// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyStore

extension ActivationFilter {
    func add(to conditions: inout Conditions) {
        switch self {
        case .ids(let values): conditions.add("id", isOneOf: values)
        case .defaultInstanceNames(let values): conditions.add("defaultInstanceName", isOneOf: values)
        case .iamRoles(let values): conditions.add("iamRole", isOneOf: values)
        }
    }
}
