// SPDX-License-Identifier: Apache-2.0

/// What kind of address a text is.
enum AddressKind: Equatable {
    case privateIPv4, publicIPv4, ipv6, name

    init(_ address: String) {
        if address.contains(":") {
            self = .ipv6
            return
        }
        let numbers = address.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard numbers.count == 4, let first = numbers[0], let second = numbers[1], numbers[2] != nil, numbers[3] != nil
        else {
            self = .name
            return
        }
        // A network's own (RFC 1918, 3927, 6598), and this machine's.
        switch (first, second) {
        case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): self = .privateIPv4
        default: self = .publicIPv4
        }
    }
}
