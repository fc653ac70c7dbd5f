// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOHTTP1

/// EC2's codes, of which programs take some for good news.
extension ServiceError {
    static let dryRun = ServiceError(
        code: "DryRunOperation",
        message: "Request would have succeeded, but DryRun flag is set.",
        status: .preconditionFailed
    )

    static func invalidParameter(_ message: String) -> ServiceError {
        ServiceError(code: "InvalidParameterValue", message: message)
    }

    static func missingParameter(_ name: String) -> ServiceError {
        ServiceError(code: "MissingParameter", message: "The request must contain the parameter \(name)")
    }

    static func combination(_ message: String) -> ServiceError {
        ServiceError(code: "InvalidParameterCombination", message: message)
    }

    static func unsupported(_ message: String) -> ServiceError {
        ServiceError(code: "UnsupportedOperation", message: message)
    }

    static let noEngine = ServiceError.unsupported(
        "latchkeyd launches and controls no instances: it was started without --docker"
    )

    static func keyPairNotFound(name: String) -> ServiceError {
        ServiceError(
            code: "InvalidKeyPair.NotFound",
            message: "The key pair '\(name.cut(to: .keyPairName))' does not exist"
        )
    }

    static func keyPairNotFound(id: String) -> ServiceError {
        ServiceError(
            code: "InvalidKeyPair.NotFound",
            message: "The key pair ID '\(id.cut(to: .quotation))' does not exist"
        )
    }

    static func instancesNotFound(_ ids: [String]) -> ServiceError {
        let list = ids.joined(separator: ", ")
        return ServiceError(
            code: "InvalidInstanceID.NotFound",
            message: ids.count == 1
                ? "The instance ID '\(list)' does not exist" : "The instance IDs '\(list)' do not exist"
        )
    }

    static func subnetNotFound(_ id: String) -> ServiceError {
        ServiceError(
            code: "InvalidSubnetID.NotFound",
            message: "The subnet ID '\(id.cut(to: .quotation))' does not exist"
        )
    }

    static func groupNotFound(_ group: String) -> ServiceError {
        ServiceError(
            code: "InvalidGroup.NotFound",
            message: "The security group '\(group.cut(to: .quotation))' does not exist"
        )
    }

    static func parameters(_ fault: QueryFault) -> ServiceError {
        let code =
            switch fault {
            case .malformed: "MalformedQueryString"
            case .duplicate: "InvalidQueryParameter"
            case .missing: "MissingParameter"
            case .unknown: "UnknownParameter"
            case .invalid: "InvalidParameterValue"
            }
        return ServiceError(code: code, message: fault.message)
    }

    static func transition(_ fault: TransitionFault) -> ServiceError {
        switch fault {
        case .unknown(let ids): .instancesNotFound(ids)
        case .notLaunched(let id):
            .unsupported("The instance '\(id)' was added, not launched; latchkeyd cannot start or stop it")
        case .wrongState(let id, let state):
            ServiceError(
                code: "IncorrectInstanceState",
                message: "The instance '\(id)' is '\(state.rawValue)', which does not allow this"
            )
        }
    }

    static func tagging(_ fault: TaggingFault) -> ServiceError {
        switch fault {
        case .unknown(let id) where id.hasPrefix(Identifier.keyPairPrefix): .keyPairNotFound(id: id)
        case .unknown(let id) where id.hasPrefix(Identifier.instancePrefix): .instancesNotFound([id])
        case .unknown(let id):
            ServiceError(code: "InvalidID", message: "The ID '\(id.cut(to: .quotation))' is not valid")
        case .tooMany(let id):
            ServiceError(
                code: "TagLimitExceeded",
                message: "The resource '\(id)' would have more than \(StoreLimit.tagsPerResource) tags"
            )
        }
    }
}
