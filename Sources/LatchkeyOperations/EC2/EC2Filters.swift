// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel

/// The filters of a request, checked, with their patterns.
struct EC2Filters: Sendable {
    private static let filterLimit = 50
    private static let valueLimit = 200

    private(set) var all: [(name: String, patterns: [WildcardPattern])] = []

    /// - Throws: `FilterLimitExceeded`, `InvalidParameterValue` for one without values.
    init(_ filters: [EC2.Filter]?) throws(ServiceError) {
        for filter in filters ?? [] {
            let values = filter.value ?? []
            guard !values.isEmpty else {
                throw .invalidParameter("The filter '\(EC2Filters.shown(filter.name))' has no values")
            }
            guard values.count <= EC2Filters.valueLimit, all.count < EC2Filters.filterLimit else {
                throw ServiceError(
                    code: "FilterLimitExceeded",
                    message: "A request may have \(EC2Filters.filterLimit) filters with \(EC2Filters.valueLimit) values"
                )
            }
            guard values.allSatisfy({ $0.utf8.count <= 1024 }) else {
                throw .invalidParameter("A value of the filter '\(EC2Filters.shown(filter.name))' is too long")
            }
            all.append((filter.name, values.map { WildcardPattern($0) }))
        }
    }

    /// Wants one value more of an attribute.
    mutating func add(_ name: String, _ value: String) { all.append((name, [WildcardPattern(value)])) }

    private static func shown(_ name: String) -> String { name.cut(to: .quotation).terminalSafe }

    static func unknown(_ name: String) -> ServiceError {
        .invalidParameter("The filter '\(shown(name))' is invalid")
    }

    /// Takes out the filters whose attribute is the same for everything.
    ///
    /// - Parameter constants: the attributes and their values; none for one that nothing has.
    /// - Returns: whether anything can pass them.
    mutating func removeConstants(_ constants: [String: [String]]) -> Bool {
        var passes = true
        all.removeAll { name, patterns in
            guard let values = constants[name] else { return false }
            passes = passes && values.contains { value in patterns.contains { $0.matches(value) } }
            return true
        }
        return passes
    }

    /// Takes out the filters for which there is a kind, and leaves the others.
    mutating func take<Kind>(_ make: (String, [WildcardPattern]) throws(ServiceError) -> Kind?) throws(ServiceError)
        -> [Kind]
    {
        var (taken, left): ([Kind], [(name: String, patterns: [WildcardPattern])]) = ([], [])
        for (name, patterns) in all {
            if let kind = try make(name, patterns) { taken.append(kind) } else { left.append((name, patterns)) }
        }
        all = left
        return taken
    }

    /// - Throws: `InvalidParameterValue` if a filter is left that means nothing.
    func checkEmpty() throws(ServiceError) {
        if let first = all.first { throw EC2Filters.unknown(first.name) }
    }

    /// The texts of which an attribute has to be one; nil if none is asked for, or others fit, too.
    func literals(of name: String) -> [String]? {
        guard let patterns = all.first(where: { $0.name == name })?.patterns else { return nil }
        let literals = patterns.compactMap(\.literal)
        return literals.count == patterns.count ? literals : nil
    }
}
