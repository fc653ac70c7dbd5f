// SPDX-License-Identifier: Apache-2.0

/// How a service of the AWS JSON protocol is addressed.
package struct ServiceTarget: Equatable, Sendable {
    /// What signatures are for, for example `ssm`.
    package let service: String
    /// What stands before the operation in `X-Amz-Target`.
    package let prefix: String

    package init(service: String, prefix: String) {
        self.service = service
        self.prefix = prefix
    }
}
