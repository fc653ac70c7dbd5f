// SPDX-License-Identifier: Apache-2.0

/// Why a session cannot go on; in words for the client.
struct SessionBackendFailure: Error, Equatable {
    let reason: String
}
