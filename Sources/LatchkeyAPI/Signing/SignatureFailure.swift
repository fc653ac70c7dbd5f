// SPDX-License-Identifier: Apache-2.0

/// Why a request's signature is not accepted.
package enum SignatureFailure: Error, Equatable, CaseIterable, Sendable {
    /// There is none.
    case missing
    /// It, or what of the request it covers, cannot be read.
    case malformed
    /// It leaves out a header that it must cover: the host, and those whose names begin with `x-amz-`.
    case headersUnsigned
    /// It is too old, or from the future.
    case expired
    /// It is not one of this request by this key.
    case mismatch
}
