// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Gives a document's content.
struct GetDocumentOperation: SystemsManagerOperation {
    static let action: Action = "ssm:GetDocument"

    let ssm: SystemsManager

    func resources(of request: GetDocument) -> [Resource] {
        [.document(request.name)]
    }

    func execute(_ request: GetDocument, in context: OperationContext) async throws -> GetDocument.Response {
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
