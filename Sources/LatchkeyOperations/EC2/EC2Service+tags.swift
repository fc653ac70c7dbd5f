// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyStore

/// What tags are given to.
extension EC2Service {
    static let resourceLimit = 1000

    static func resources(_ ids: [String]) throws(ServiceError) -> [String] {
        if ids.isEmpty { throw .missingParameter("ResourceId") }
        guard ids.count <= resourceLimit else {
            throw .invalidParameter("Tags of \(resourceLimit) resources at the most can be changed at once")
        }
        return ids
    }

    /// That all of them are there. They are looked for again when their tags are changed.
    func checkResources(_ ids: [String]) throws { try store.setTags([:], ofResources: ids) }
}
