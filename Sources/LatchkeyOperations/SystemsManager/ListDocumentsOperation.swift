// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Lists the documents that sessions and commands can name.
struct ListDocumentsOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ListDocuments"

    let ssm: SystemsManager

    func execute(_ request: ListDocuments, in context: OperationContext) async throws -> ListDocuments.Response {
        let filters = ((request.filters ?? []) + (request.documentFilterList ?? []))
            .map { ($0.key ?? "", $0.values ?? $0.value.map { [$0] } ?? []) }
        let limit = try SystemsManager.limit(request.maxResults)
        var found = try ServiceDocument.all.filter { document in
            try filters.allSatisfy { key, values in try Self.fits(document, key, values) }
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
}
