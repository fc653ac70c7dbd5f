// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Sessions, and their history. A status changes by compare-and-set: nothing follows an end. Each live session belongs to one
/// node, which alone changes it.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol SessionStore: Sendable {
    /// Adds a session, with the node that owns it; one whose status is an end has ended when it started, unless it says otherwise.
    func add(_ session: SessionRecord) throws

    /// - Returns: nil if there is none of that id.
    func session(_ id: SessionRecord.ID) throws -> SessionRecord?

    /// Changes the status of sessions that have not ended, in this order, all at once. A session that is not there, or has ended,
    /// is left out.
    ///
    /// - Returns: how many changes changed something.
    @discardableResult
    func setSessions(_ changes: [SessionChange]) throws -> Int

    /// The sessions that are alive, or those that have ended, that fulfil all filters, the newest first. A page
    /// costs the same however long the history is, unless two of target, owner and status are given at once.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - cursor: where the page before this one ended.
    func sessions(
        isActive: Bool,
        _ filters: [SessionFilter],
        limit: Int,
        after cursor: PageCursor?
    ) throws -> Page<SessionRecord>

    /// The sessions of a node that have not ended, the oldest first. Those that were written before sessions had owners are
    /// every node's.
    func liveSessions(of node: NodeID) throws -> [SessionRecord]

    /// Deletes sessions that ended before a date, the oldest first.
    ///
    /// - Parameter limit: how many at the most, so that others who write need not wait long.
    /// - Returns: how many; as many as the limit if there may be more.
    func pruneSessions(endedBefore date: Date, limit: Int) throws -> Int
}

extension SessionStore {
    /// Changes the status of a session that has not ended.
    ///
    /// - Parameters:
    ///   - details: nil leaves them as they are.
    ///   - date: now; it becomes the session's end if the status is one.
    /// - Returns: false if nothing was changed, since there is no such session or it has ended.
    @discardableResult
    package func setSession(
        _ id: SessionRecord.ID,
        _ status: SessionStatus,
        details: String? = nil,
        at date: Date
    ) throws -> Bool {
        try setSessions([SessionChange(id: id, status: status, details: details, date: date)]) == 1
    }
}
