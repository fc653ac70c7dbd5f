// SPDX-License-Identifier: Apache-2.0

/// EC2's API as a whole. Its shapes have the wire's names; those of requests begin with a capital there.
package enum EC2 {
    package static let version = "2016-11-15"
    package static let namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

    /// An operation, with what it takes and gives.
    package protocol Request: Codable, Sendable {
        associatedtype Response: Codable & Sendable
        /// For example `DescribeInstances`.
        static var operation: String { get }
        /// Nothing is done; the error says whether it would have been.
        var dryRun: Bool? { get }
    }

    /// What there is one sort of answer to.
    package struct Done: Codable, Sendable {
        package var `return` = true

        package init() {}
    }

    package struct Tag: Codable, Equatable, Sendable {
        package var key: String
        package var value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// A tag as requests have it, where a value may be missing.
    package struct TagRequest: Codable, Sendable {
        package var key: String
        package var value: String?

        package init(key: String, value: String?) {
            self.key = key
            self.value = value
        }
    }

    /// Tags for what an operation makes of one kind.
    package struct TagSpecification: Codable, Sendable {
        package var resourceType: String?
        package var tag: [TagRequest]?

        package init(resourceType: String, tag: [TagRequest]) {
            self.resourceType = resourceType
            self.tag = tag
        }
    }

    /// What to list: what has one of the values, in which `*` stands for any characters and `?` for one.
    package struct Filter: Codable, Sendable {
        package var name: String
        package var value: [String]?

        package init(name: String, value: [String]) {
            self.name = name
            self.value = value
        }
    }
}
