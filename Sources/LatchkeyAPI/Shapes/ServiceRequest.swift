// SPDX-License-Identifier: Apache-2.0

/// An operation of a service, with what it takes and gives.
package protocol ServiceRequest: Codable, Sendable {
    associatedtype Response: Codable & Sendable
    /// For example `StartSession`.
    static var operation: String { get }
    /// Whose operation it is.
    static var target: ServiceTarget { get }
    /// Whether doing it twice is the same as doing it once, so that a lost answer does no harm.
    static var isIdempotent: Bool { get }
}

extension ServiceRequest {
    package static var target: ServiceTarget { ServiceTarget(service: "ssm", prefix: "AmazonSSM") }
    package static var isIdempotent: Bool { false }
}
