// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Commands and their invocations. An invocation is given out once: only one caller gets each turn. Nothing follows an end, and
/// one that is past its deadline counts as ended.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol CommandStore: Sendable {
    /// The instances that targets stand for: each one has an agent, and fits all of them.
    ///
    /// - Returns: nil for a key that is none.
    func managedInstanceIDs(fitting targets: [CommandTarget], limit: Int) throws -> [Instance.ID]?

    /// Adds a command, and an invocation that waits for its turn on each instance.
    func add(_ command: CommandRecord, on instanceIDs: [Instance.ID]) throws

    /// The instances whose agents have yet to be told of a command.
    func instancesWithWaitingCommands(at date: Date) throws -> Set<Instance.ID>

    /// The commands that have invocations which wait for their turn.
    func pendingCommands(at date: Date) throws -> [CommandRecord.ID]

    /// The commands that an instance's agent is to end.
    func cancelledCommands(of instanceID: Instance.ID, at date: Date) throws -> [CommandRecord.ID]

    /// The commands that an instance's agent has yet to be told of.
    func waitingCommands(of instanceID: Instance.ID, at date: Date) throws -> [CommandRecord.ID]

    /// The instances whose turn it is to run a command, of those whose agents are there. They count as told from now on.
    ///
    /// - Parameters:
    ///   - returned: one whose agent has just come: it may not have heard what it was told.
    ///   - timeout: seconds that the script may take.
    func takeTurn(
        of command: CommandRecord,
        among connected: Set<Instance.ID>,
        returned: Instance.ID?,
        timeout: Int,
        at date: Date
    ) throws -> [Instance.ID]

    /// Notes what has become of a command on an instance. Nothing follows an end.
    ///
    /// - Returns: the command if it has one instance less to wait for now; nil otherwise.
    func note(
        _ update: InvocationUpdate,
        of commandID: CommandRecord.ID,
        on instanceID: Instance.ID,
        at date: Date
    ) throws -> CommandRecord?

    /// Ends what has not begun, and notes what is to be ended by its agent.
    ///
    /// - Parameter instanceIDs: nil for all.
    /// - Returns: the instances whose agents are to be told.
    func cancel(
        _ commandID: CommandRecord.ID,
        on instanceIDs: [Instance.ID]?,
        at date: Date
    ) throws -> [Instance.ID]

    /// - Returns: nil if there is none of that id.
    func command(_ id: CommandRecord.ID) throws -> CommandRecord?

    /// Commands that fit, the newest at the beginning, with what has become of each; without what they have printed.
    func commands(
        _ filter: CommandFilter,
        limit: Int,
        after cursor: PageCursor?,
        at date: Date
    ) throws -> Page<(command: CommandRecord, invocations: [CommandInvocation])>

    /// Invocations that fit, the newest at the beginning.
    func invocations(
        _ filter: CommandFilter,
        limit: Int,
        after cursor: PageCursor?,
        at date: Date
    ) throws -> Page<(invocation: CommandInvocation, command: CommandRecord)>
}
