// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What instances to list: those of which an attribute fits one of the patterns.
package struct InstanceFilter: Sendable {
    package enum Attribute: Equatable, Sendable {
        case id
        case state
        case keyName
        case imageID
        /// The type that an instance was launched with, or ``InstanceFilter/defaultType``.
        case type
        case launchIndex
        /// In ISO 8601, in UTC, with milliseconds.
        case launchTime
        case clientToken
        case reservationID
        case stateReasonCode
        case tag(key: String)
        case tagKey
        case tagValue
        /// An address of version 4 that is a network's own (RFC 1918, 3927, 6598) or this machine's.
        case privateAddress
        /// Any other one of version 4; where there is none, the private one.
        case publicAddress
        case ipv6Address
        /// A name; where there is none, the public address.
        case hostName
    }

    /// What an instance is taken for that was launched without a type, or not here.
    package static let defaultType = "m1.small"

    package let attribute: Attribute
    package let patterns: [WildcardPattern]

    /// - Parameter name: EC2's word, for example `instance-id` or `tag:Name`.
    /// - Returns: nil for a word that means nothing here.
    package init?(name: String, patterns: [WildcardPattern]) {
        self.patterns = patterns
        if name.hasPrefix("tag:") {
            attribute = .tag(key: String(name.dropFirst("tag:".count)))
            return
        }
        switch name {
        case "instance-id": attribute = .id
        case "instance-state-name": attribute = .state
        case "key-name": attribute = .keyName
        case "image-id": attribute = .imageID
        case "instance-type": attribute = .type
        case "launch-index": attribute = .launchIndex
        case "client-token": attribute = .clientToken
        case "state-reason-code": attribute = .stateReasonCode
        case "reservation-id": attribute = .reservationID
        case "launch-time": attribute = .launchTime
        case "tag-key": attribute = .tagKey
        case "tag-value": attribute = .tagValue
        case "private-ip-address", "network-interface.private-ip-address",
            "network-interface.addresses.private-ip-address":
            attribute = .privateAddress
        case "ip-address", "network-interface.association.public-ip",
            "network-interface.addresses.association.public-ip":
            attribute = .publicAddress
        case "ipv6-address", "network-interface.ipv6-address", "network-interface.ipv6-addresses.ipv6-address":
            attribute = .ipv6Address
        case "dns-name", "network-interface.public-dns-name", "network-interface.association.public-dns-name",
            "network-interface.addresses.association.public-dns-name":
            attribute = .hostName
        default: return nil
        }
    }
}
