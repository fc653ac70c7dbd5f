// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Where the relay notes what becomes of sessions. Nothing waits for it.
package protocol SessionEventSink: Sendable {
    func changed(_ sessionID: String, status: SessionStatus)
    func ended(_ sessionID: String, status: SessionStatus, reason: String)
    func pinged(_ instanceID: String)
}
