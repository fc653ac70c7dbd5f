// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Why the parameters of a request are not taken. Names are the wire's, for example `Filter.1.Value.2`.
package enum QueryFault: Error, Equatable, Sendable {
    /// They are no form, or longer, deeper or more than any honest request's.
    case malformed(String)
    /// One is there twice, or is a value and a list at once.
    case duplicate(String)
    case missing(String)
    case unknown(String)
    /// One has a value that is not of its kind.
    case invalid(name: String, value: String, expected: String)

    /// What is wrong, in a line.
    package var message: String {
        switch self {
        case .malformed(let why): "The parameters cannot be read: \(why)"
        case .duplicate(let name): "The parameter \(name) is there more than once"
        case .missing(let name): "The request must contain the parameter \(name)"
        case .unknown(let name): "The parameter \(name) is not recognized"
        case .invalid(let name, let value, let expected):
            "Value (\(value.cut(to: .quotation))) for parameter \(name) is invalid. \(expected)"
        }
    }
}
