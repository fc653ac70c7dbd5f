// SPDX-License-Identifier: Apache-2.0

/// What activations to list: those that have one of the values.
package enum ActivationFilter: Sendable {
    case ids([String])
    case defaultInstanceNames([String])
    case iamRoles([String])

    /// From the words of DescribeActivations.
    ///
    /// - Returns: nil for a key that it does not have.
    package init?(key: String, values: [String]) {
        switch key {
        case "ActivationIds": self = .ids(values)
        case "DefaultInstanceName": self = .defaultInstanceNames(values)
        case "IamRole": self = .iamRoles(values)
        default: return nil
        }
    }
}
