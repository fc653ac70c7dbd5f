// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto

/// Tells what a document is and takes.
struct DescribeDocumentOperation: SystemsManagerOperation {
    static let action: Action = "ssm:DescribeDocument"

    let ssm: SystemsManager

    func resources(of request: DescribeDocument) -> [Resource] {
        [.document(request.name)]
    }

    func execute(_ request: DescribeDocument, in context: OperationContext) async throws -> DescribeDocument.Response {
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
}
