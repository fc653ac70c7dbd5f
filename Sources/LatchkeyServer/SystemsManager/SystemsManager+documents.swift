// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel

extension SystemsManager {
    func listDocuments(_ request: ListDocuments) throws -> ListDocuments.Response {
        let filters = ((request.filters ?? []) + (request.documentFilterList ?? []))
            .map { ($0.key ?? "", $0.values ?? $0.value.map { [$0] } ?? []) }
        let limit = try SystemsManager.limit(request.maxResults)
        var found = try ServiceDocument.all.filter { document in
            try filters.allSatisfy { key, values in try SystemsManager.fits(document, key, values) }
        }
        if let last = request.nextToken {
            guard ServiceDocument.all.contains(where: { $0.name == last }) else { throw SystemsManager.invalidToken }
            found.removeAll { $0.name <= last }
        }
        let page = found.prefix(limit)
        return ListDocuments.Response(
            documentIdentifiers: page.map { document in
                ListDocuments.Identifier(
                    name: document.name,
                    createdDate: ServiceDocument.created,
                    platformTypes: document.platformTypes,
                    documentType: document.kind.rawValue,
                    schemaVersion: document.schemaVersion
                )
            },
            nextToken: page.count < found.count ? page.last?.name : nil
        )
    }

    private static func fits(
        _ document: ServiceDocument,
        _ key: String,
        _ values: [String]
    ) throws(ServiceError) -> Bool {
        switch key {
        case "Name": return values.contains { document.name.hasPrefix($0) }
        case "Owner": return values.contains { ["Amazon", "Public", "All"].contains($0) }
        case "DocumentType": return values.contains(document.kind.rawValue)
        case "PlatformTypes": return document.platformTypes.contains { values.contains($0) }
        default:
            throw ServiceError(code: "InvalidFilterKey", message: "'\(key.cut(to: .quotation))' is not a filter")
        }
    }

    func describeDocument(_ request: DescribeDocument) throws -> DescribeDocument.Response {
        let document = try ServiceDocument.named(request.name, version: request.documentVersion)
        return DescribeDocument.Response(
            document: DescribeDocument.Document(
                hash: Hex.encode(Digest.sha256(Array(try document.content().utf8))),
                name: document.name,
                createdDate: ServiceDocument.created,
                description: document.description,
                parameters: document.parameters.map { parameter in
                    DescribeDocument.Parameter(
                        name: parameter.name,
                        type: parameter.type,
                        description: parameter.description,
                        defaultValue: parameter.fallback
                    )
                },
                platformTypes: document.platformTypes,
                documentType: document.kind.rawValue,
                schemaVersion: document.schemaVersion
            )
        )
    }

    func getDocument(_ request: GetDocument) throws -> GetDocument.Response {
        let document = try ServiceDocument.named(request.name, version: request.documentVersion)
        let format = request.documentFormat ?? "JSON"
        // JSON is YAML, too (YAML 1.2 §1.3).
        guard ["JSON", "YAML"].contains(format) else {
            throw ServiceError.invalid("'documentFormat' must be JSON or YAML")
        }
        return GetDocument.Response(
            name: document.name,
            createdDate: ServiceDocument.created,
            content: try document.content(),
            documentType: document.kind.rawValue,
            documentFormat: format
        )
    }
}
