// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Why one of OpenSSL's functions failed, where that matters.
enum OpenSSLErrors {
    /// Whether one of the failures since `ERR_clear_error()` was that an algorithm is not there.
    static func wereUnsupported() -> Bool {
        var found = false
        while case let code = ERR_get_error(), code != 0 {
            found = found || ERR_GET_REASON(code) == ERR_R_UNSUPPORTED
        }
        return found
    }
}
