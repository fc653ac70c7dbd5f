// SPDX-License-Identifier: Apache-2.0

/// Hosts as they stand before a port (RFC 3986 §3.2.2): an IPv6 address is in brackets, for the sake of its colons.
package enum HostText {
    package static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    package static func endpoint(_ host: String, _ port: Int) -> String { "\(bracketed(host)):\(port)" }
}
