// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

package enum RemoteStream: Sendable {
    case output, error
}
