// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeyStore

/// Makes activations.
package enum Activations {
    /// - Returns: the activation, and its code, which is shown once and never stored.
    package static func make(
        description: String?,
        defaultInstanceName: String?,
        iamRole: String?,
        limit: Int,
        expiration: Date,
        tags: Tags,
        now: Date
    ) throws -> (Activation, code: String) {
        for (key, value) in tags { try Names.tag(key: key, value: value) }
        guard tags.count <= StoreLimit.tagsPerResource else {
            throw LatchkeyError(.usage, "an activation may have \(StoreLimit.tagsPerResource) tags")
        }
        if let description, !description.fits(.activationDescription) {
            throw LatchkeyError(
                .usage,
                "the description is longer than \(TextLimit.activationDescription.scalars) characters"
            )
        }
        if let iamRole, !iamRole.fits(.roleName) {
            throw LatchkeyError(.usage, "the role's name is longer than \(TextLimit.roleName.bytes) bytes")
        }
        if let name = defaultInstanceName { _ = try Names.instance(name) }
        let activation = Activation(
            id: Random.uuid(),
            description: description,
            defaultInstanceName: defaultInstanceName,
            iamRole: iamRole,
            registrationLimit: limit,
            registrationsCount: 0,
            expiration: expiration,
            created: now,
            tags: tags
        )
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return (activation, Random.text(32, alphabet: letters))
    }
}
