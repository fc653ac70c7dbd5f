// SPDX-License-Identifier: Apache-2.0

/// The parameters of a request in the AWS Query protocol: names such as `Filter.1.Value.2`, each with a value.
package struct QueryParameters: Equatable, Sendable {
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        case duplicate(String)
        case tooMany
    }

    /// The most that a request may have.
    private static let countLimit = 10_000
    /// The most elements of one list.
    private static let listLimit = 1000

    private var values: [String: String]

    package init(_ values: [String: String] = [:]) { self.values = values }

    /// Reads a body or query in the form of HTML forms (application/x-www-form-urlencoded).
    package init(form: some Sequence<UInt8>) throws(Fault) {
        values = [:]
        let text = String(decoding: Array(form), as: UTF8.self)
        for pair in text.split(separator: "&") {
            guard values.count < QueryParameters.countLimit else { throw .tooMany }
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try QueryParameters.decode(parts[0])
            let value = parts.count > 1 ? try QueryParameters.decode(parts[1]) : ""
            guard values.updateValue(value, forKey: name) == nil else { throw .duplicate(name) }
        }
    }

    private static func decode(_ text: Substring) throws(Fault) -> String {
        guard let bytes = PercentEncoding.decode(text.utf8), let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed
        }
        return text
    }

    /// Every parameter by its whole name.
    package var all: [String: String] { values }

    /// - Returns: nil if it is not there.
    package subscript(_ name: String) -> String? { values[name] }

    /// The elements of a list `NAME.1`, `NAME.2`, …, in the order of their numbers, which need not be without gaps.
    package func list(_ name: String) -> [String] { numbers(under: name).compactMap { values["\(name).\($0)"] } }

    /// The same for structures: each with the parameters that stand under it.
    package func structures(_ name: String) -> [QueryParameters] {
        let numbers = numbers(under: name)
        guard !numbers.isEmpty else { return [] }
        var found: [Int: [String: String]] = [:]
        for (key, value) in values where key.hasPrefix("\(name).") {
            let rest = key.dropFirst(name.count + 1).split(separator: ".", maxSplits: 1)
            if rest.count == 2, let number = Int(rest[0]) { found[number, default: [:]][String(rest[1])] = value }
        }
        return numbers.compactMap { found[$0].map(QueryParameters.init) }
    }

    private func numbers(under name: String) -> [Int] {
        let prefix = "\(name)."
        let numbers = values.keys.compactMap { key -> Int? in
            guard key.hasPrefix(prefix) else { return nil }
            return Int(key.dropFirst(prefix.count).prefix { $0 != "." })
        }
        return Array(Set(numbers).sorted().prefix(QueryParameters.listLimit))
    }
}
