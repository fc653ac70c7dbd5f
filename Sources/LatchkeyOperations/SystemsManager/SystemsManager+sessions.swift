// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyStore

/// Sessions, as several operations need them.
extension SystemsManager {
    /// - Throws: `ValidationException` if the request does not tell where its client finds this server.
    static func origin(_ context: OperationContext) throws(ServiceError) -> String {
        guard let origin = context.webSocketOrigin else { throw .invalid("the request has no usable Host header") }
        return origin
    }

    /// Where the client of a session opens its data channel.
    static func stream(_ origin: String, _ sessionID: String) -> String {
        "\(origin)/v1/data-channel/\(sessionID)?role=publish_subscribe"
    }

    /// - Throws: `DoesNotExistException`.
    func session(_ id: SessionRecord.ID) async throws -> SessionRecord {
        guard let record = try await pool.run({ try store.session(id) }) else { throw ServiceError.unknownSession }
        return record
    }
}
