// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Why the states of several instances cannot be changed.
package enum TransitionFault: Error, Equatable, Sendable {
    case unknown([Instance.ID])
    /// It was not launched here, so that there is nothing to start or to stop.
    case notLaunched(Instance.ID)
    case wrongState(Instance.ID, InstanceState)
}
