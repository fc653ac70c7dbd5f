// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import Logging

/// Tells faults of this server from mistakes of its callers: the former are logged, and a caller learns only that it was not
/// their fault.
struct FaultReporter: Sendable {
    let metrics: ServerMetrics
    let log: Logger

    /// What may be told of an error.
    ///
    /// - Parameters:
    ///   - operation: what was asked for.
    ///   - worded: the error in the service's words, if it is a mistake of the caller's.
    func serviceError(for error: any Error, of operation: String, _ worded: ServiceError?) -> ServiceError {
        if let refusal = worded ?? (error as? ServiceError) {
            metrics.refusedRequests.increment()
            log.debug("request refused", metadata: ["code": "\(refusal.code)", "reason": "\(refusal.message)"])
            return refusal
        }
        log.error("request failed", metadata: ["operation": "\(operation)", "error": "\(error)"])
        if let error = error as? LatchkeyError, error.code == .storageFull {
            return .internalError("the server's disk is full; nothing was changed")
        }
        if let error = error as? LatchkeyError, [.storeBusy, .storeUnavailable].contains(error.code) {
            return .unavailable
        }
        return .internalError("the server could not do this; its log says why")
    }
}
