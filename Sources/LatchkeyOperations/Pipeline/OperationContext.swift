// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyRelay

/// What is known of a request besides its parameters.
struct OperationContext: Sendable {
    let principal: Principal
    /// The sign-in to the console that the request came by; nil for none.
    let consoleSessionID: ConsoleSession.ID?
    let action: Action
    let requestID: String
    /// The IP address that it came from; a proxy's where one is in front.
    let sourceAddress: String?
    /// As the client says; nil if it does not.
    let userAgent: String?
    let time: Date
    /// The `Host` by which the client knows this server; nil if it names none.
    let host: String?
    /// Where this client opens WebSockets, for example `wss://host:8443`; nil if the request does not tell.
    let webSocketOrigin: String?
    /// What this client calls the origin of the server's pages, for example `https://host:8443`; nil if the request does not tell.
    let httpOrigin: String?
    let authorizer: Authorizer

    /// The instance whose agent asks.
    ///
    /// - Throws: `AccessDeniedException` if none does.
    var instanceID: Instance.ID {
        get throws(ServiceError) {
            switch principal {
            case .instance(let id), .registeredKey(let id): return id
            case .user, .anonymous: throw .denied("only an agent may do this")
            }
        }
    }

    /// The access key with which a user asks.
    ///
    /// - Throws: `AccessDeniedException` if none does.
    var accessKeyID: AccessKey.ID {
        get throws(ServiceError) {
            guard case .user(_, let id, _) = principal else { throw .denied("only a user may do this") }
            return id
        }
    }

    /// What channels rest on that a user opens now.
    ///
    /// - Throws: `AccessDeniedException` if none asks.
    var grant: Grant {
        get throws(ServiceError) {
            let accessKeyID = try accessKeyID
            return consoleSessionID.map { .consoleSession($0, accessKeyID) } ?? .accessKey(accessKeyID)
        }
    }

    /// ``httpOrigin``, for what needs it.
    ///
    /// - Throws: `ValidationException` if the request does not tell.
    var pageOrigin: String {
        get throws(ServiceError) {
            guard let httpOrigin else { throw .invalid("the request's Host header cannot be used") }
            return httpOrigin
        }
    }

    /// The caller's ARN; empty for one who has shown nothing.
    var callerARN: String { principal.arn ?? "" }

    /// What of a list the caller is shown.
    var scope: ListScope { authorizer.scope(of: principal, action) }
}
