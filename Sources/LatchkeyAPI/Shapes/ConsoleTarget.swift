// SPDX-License-Identifier: Apache-2.0

extension ServiceTarget {
    /// Latchkey's own operations, for which AWS has no shape.
    package static let latchkey = ServiceTarget(service: "latchkey", prefix: "Latchkey")
}
