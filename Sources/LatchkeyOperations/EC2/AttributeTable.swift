// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel

/// What may be filtered by, of one kind of thing: EC2's names, and what each is of such a thing. One that is nothing of any of
/// them is known all the same, and finds nothing.
struct AttributeTable<Element>: Sendable {
    typealias Values = @Sendable (Element) -> [String?]

    private var values: [String: Values] = [:]
    private let tags: (@Sendable (Element) -> [EC2.Tag]?)?

    /// - Parameters:
    ///   - absent: the names of what nothing has here.
    ///   - tags: which tags one has; nil where there are none.
    init(absent: [String] = [], tags: (@Sendable (Element) -> [EC2.Tag]?)? = nil) {
        self.tags = tags
        for name in absent { values[name] = { _ in [] } }
    }

    /// What an attribute is.
    subscript(name: String) -> Values? {
        get {
            if let known = values[name] { return known }
            guard let tags else { return nil }
            if name.hasPrefix("tag:") {
                let key = name.dropFirst("tag:".count)
                return { element in (tags(element) ?? []).filter { $0.key == key }.map(\.value) }
            }
            switch name {
            case "tag-key": return { element in (tags(element) ?? []).map(\.key) }
            case "tag-value": return { element in (tags(element) ?? []).map(\.value) }
            default: return nil
            }
        }
        set { values[name] = newValue }
    }

    /// - Throws: `InvalidParameterValue` for a filter of a name that EC2 does not have.
    func check(_ filters: EC2Filters) throws(ServiceError) {
        for (name, _) in filters.all where self[name] == nil { throw EC2Filters.unknown(name) }
    }

    /// Whether something has what all filters want.
    func passes(_ element: Element, _ filters: EC2Filters) -> Bool {
        filters.all.allSatisfy { name, patterns in
            let found = self[name]?(element) ?? []
            return found.contains { value in value.map { value in patterns.contains { $0.matches(value) } } ?? false }
        }
    }
}
