// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOCore
internal import NIOHTTP1

/// What answers requests.
package protocol RequestResponder: Sendable {
    func respond(to request: IncomingRequest) async -> OutgoingResponse
    /// Whether a request carries credentials of any kind, valid or not. Waits for nothing.
    func hasCredentials(_ request: IncomingRequest) -> Bool
    /// Whether a request says that it is signed with a key that is known, which is no proof. Waits for nothing.
    func namesSigner(_ request: IncomingRequest) -> Bool
    /// Whether the head of a request shows who sends it, its body being still to come.
    func isAuthenticated(head request: IncomingRequest) async -> Bool
    /// The answer to a request whose body was longer than `limit` bytes; the body is not kept.
    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse
    /// Waits for nothing, but may take a while for a signature.
    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer
}
