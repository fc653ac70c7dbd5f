// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
package import LatchkeyModel
internal import LatchkeyRelay
package import LatchkeyStore

extension KnownSigners: GrantSource {
    package func hasAccessKey(_ id: AccessKey.ID) -> Bool { user(id) != nil }

    package func hasAccessKey(ofOwner arn: String) -> Bool {
        Principal.userName(inARN: arn).map(hasUser(named:)) ?? false
    }

    package func registration(of id: Instance.ID) -> Int64? { agent(id)?.registered }
}
