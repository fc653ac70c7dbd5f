// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore

// What tests leave out.

extension InstanceStore {
    /// The one instance that a text stands for.
    func instance(_ text: String) throws -> Instance {
        let found = try instances(matching: InstanceSelector(text), limit: 2)
        guard found.count == 1 else { throw LatchkeyError.instanceNotFound(text) }
        return found[0]
    }

    func describeInstances(
        _ filters: [InstanceFilter] = [],
        limit: Int,
        after last: Instance.ID? = nil
    ) throws -> (page: [InstanceDescription], hasMore: Bool) {
        try describeInstances(filters, ids: nil, limit: limit, after: last)
    }

    func describeInstances(
        ids: [Instance.ID],
        limit: Int
    ) throws -> (page: [InstanceDescription], hasMore: Bool) {
        try describeInstances([], ids: ids, limit: limit, after: nil)
    }
}

extension LaunchStore {
    @discardableResult
    func launch(_ launches: [(Instance, LaunchRecord)], userData: [UInt8]?) throws -> [LaunchRecord] {
        try launch(launches, userData: userData, volumeTags: [:])
    }

    func change(
        _ ids: [Instance.ID],
        _ transition: StateTransition,
        at date: Date
    ) throws -> [(id: Instance.ID, before: InstanceState, after: InstanceState)] {
        try change(ids, transition, isTrial: false, at: date)
    }
}

extension TagStore {
    func describeTags(
        _ filters: [TagFilter],
        limit: Int
    ) throws -> (page: [TagDescription], next: (resourceID: String, key: String)?) {
        try describeTags(filters, limit: limit, after: nil)
    }
}

extension ManagedInstanceStore {
    func managedInstances(_ filters: [ManagedInstanceFilter] = [], limit: Int) throws -> Page<ManagedInstance> {
        try managedInstances(filters, limit: limit, after: nil)
    }

    func managedInstances(limit: Int, after cursor: PageCursor?) throws -> Page<ManagedInstance> {
        try managedInstances([], limit: limit, after: cursor)
    }
}

extension ActivationStore {
    func activations(_ filters: [ActivationFilter] = [], limit: Int) throws -> Page<Activation> {
        try activations(filters, limit: limit, after: nil)
    }

    func activations(limit: Int, after cursor: PageCursor?) throws -> Page<Activation> {
        try activations([], limit: limit, after: cursor)
    }
}

extension SessionStore {
    func sessions(isActive: Bool, _ filters: [SessionFilter] = [], limit: Int) throws -> Page<SessionRecord> {
        try sessions(isActive: isActive, filters, limit: limit, after: nil)
    }

    func sessions(isActive: Bool, limit: Int, after cursor: PageCursor?) throws -> Page<SessionRecord> {
        try sessions(isActive: isActive, [], limit: limit, after: cursor)
    }

    func pruneSessions(endedBefore date: Date) throws -> Int { try pruneSessions(endedBefore: date, limit: 1000) }
}

extension PushedKeyStore {
    func push(
        _ key: PublicKey,
        to instanceID: Instance.ID,
        user: String,
        until end: Date,
        at now: Date
    ) throws -> Bool {
        try push(key, to: instanceID, user: user, by: nil, until: end, at: now)
    }
}

extension CommandStore {
    func takeTurn(
        of command: CommandRecord,
        among connected: Set<Instance.ID>,
        timeout: Int,
        at date: Date
    ) throws -> [Instance.ID] {
        try takeTurn(of: command, among: connected, returned: nil, timeout: timeout, at: date)
    }

    func commands(
        _ filter: CommandFilter,
        limit: Int,
        at date: Date
    ) throws -> Page<(command: CommandRecord, invocations: [CommandInvocation])> {
        try commands(filter, limit: limit, after: nil, at: date)
    }

    func invocations(
        _ filter: CommandFilter,
        limit: Int,
        at date: Date
    ) throws -> Page<(invocation: CommandInvocation, command: CommandRecord)> {
        try invocations(filter, limit: limit, after: nil, at: date)
    }
}
