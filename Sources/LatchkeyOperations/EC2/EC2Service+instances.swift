// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Finding instances, page by page.
extension EC2Service {
    /// What instances are asked for, and how many.
    struct InstanceQuery: Sendable {
        var ids: [String]?
        /// What the store knows to look for; nil if there can be none.
        var filters: [InstanceFilter]?
        var maxResults: Int?
        var nextToken: String?
        /// How many a page may have.
        var sizes: ClosedRange<Int>
        /// How many are taken from the store at once where it cannot tell which are wanted; nil where it can.
        var batch: Int?
    }

    /// A page of instances, or of what one has for each of them. It is full unless it is the last one, however few are wanted of
    /// those that are looked at.
    ///
    /// - Parameter select: which of some instances are wanted, and what is told of them.
    /// - Returns: the page, and the token for the next one; nil if there is none.
    func find<Element: Sendable>(
        _ request: some EC2.Request,
        _ query: InstanceQuery,
        _ select: ([InstanceDescription]) async throws -> [(InstanceDescription, Element)]
    ) async throws -> (page: [(InstanceDescription, Element)], next: String?) {
        let ids = try query.ids.map { ids throws(ServiceError) in try EC2Service.instanceIDs(ids) }
        if ids != nil, query.maxResults != nil {
            throw ServiceError.combination(
                "The parameter instancesSet cannot be used with the parameter maxResults"
            )
        }
        let most = max(query.sizes.upperBound, ids?.count ?? 0)
        let limit = try EC2Service.limit(query.maxResults, query.sizes, otherwise: most)
        var last = try query.nextToken.map { token throws(ServiceError) in try EC2Service.place(token: token) }
        try await pool.run {
            if let ids {
                let unknown = Set(ids).subtracting(try store.knownInstanceIDs(among: ids))
                if !unknown.isEmpty { throw ServiceError.instancesNotFound(ids.filter(unknown.contains)) }
            }
            try checkDryRun(request)
        }
        guard let filters = query.filters else { return ([], nil) }
        var page: [(InstanceDescription, Element)] = []
        var bytes = 0
        while true {
            let place = last
            let (some, hasMore) = try await pool.run {
                try store.describeInstances(filters, ids: ids, limit: query.batch ?? limit, after: place)
            }
            for found in try await select(some) {
                if page.count == limit || bytes > PageBudget.bytes {
                    return (page, page.last.map { EC2Service.token($0.0.id) })
                }
                page.append(found)
                bytes += PageBudget.size(of: found.0)
            }
            guard hasMore, let end = some.last?.id else { return (page, nil) }
            if query.batch == nil { return (page, EC2Service.token(end)) }
            last = end
        }
    }

    /// What the store looks for by itself; nil for what has to be looked for in what is told of an instance.
    static func filter(_ name: String, _ patterns: [WildcardPattern]) -> InstanceFilter? {
        guard name == "instance-state-code" else { return InstanceFilter(name: name, patterns: patterns) }
        // The high byte is the server's own; clients are to leave it out.
        return stateFilter { state in patterns.contains { $0.matches(String(EC2.State.code(of: state))) } }.first
    }

    static func stateFilter(_ isWanted: (InstanceState) -> Bool) -> [InstanceFilter] {
        let states = InstanceState.allCases.filter(isWanted)
        let patterns = states.isEmpty ? ["none"] : states.map(\.rawValue)
        let filter = InstanceFilter(name: "instance-state-name", patterns: patterns.map { WildcardPattern($0) })
        return filter.map { [$0] } ?? []
    }

    static func token(_ id: String) -> String { Data(id.utf8).base64EncodedString() }

    static func place(token: String) throws(ServiceError) -> Instance.ID {
        guard let id = Data(base64Encoded: token).flatMap({ String(validating: $0, as: UTF8.self) }),
            Identifier.looksLikeInstanceID(id)
        else { throw invalidToken }
        return id
    }

    /// Instances of one launch are together, in the order of their index.
    func reservations(_ instances: [(InstanceDescription, EC2.Instance)]) -> [EC2.Reservation] {
        var reservations: [EC2.Reservation] = []
        var places: [String: Int] = [:]
        for (instance, record) in instances {
            let id = EC2Service.reservationID(of: instance)
            if let place = places[id] {
                reservations[place].instancesSet.append(record)
            } else {
                places[id] = reservations.count
                reservations.append(
                    EC2.Reservation(reservationId: id, ownerId: Principal.account, instancesSet: [record])
                )
            }
        }
        for index in reservations.indices where reservations[index].instancesSet.count > 1 {
            reservations[index].instancesSet.sort { $0.amiLaunchIndex < $1.amiLaunchIndex }
        }
        return reservations
    }

    /// An instance that was added has a reservation of its own, named after it.
    static func reservationID(of instance: InstanceDescription) -> String {
        instance.launch?.reservationID
            ?? Identifier.reservationPrefix + instance.id.dropFirst(Identifier.instancePrefix.count)
    }

    func known(_ id: String) async throws -> Instance {
        let ids = try EC2Service.instanceIDs([id])
        guard let instance = try await pool.run({ try store.instances(withIDs: ids) }).first else {
            throw ServiceError.instancesNotFound(ids)
        }
        return instance
    }
}
