// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What is known of a machine that was added, or registered itself, rather than launched.
package enum LastContact: Equatable, Sendable {
    /// It has not been reached yet.
    case added
    /// When a key opened it last, or its agent was heard of last.
    case reached(Date)
}
