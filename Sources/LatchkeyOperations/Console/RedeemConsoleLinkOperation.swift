// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Signs in with the code of a link, which opens one session.
struct RedeemConsoleLinkOperation: ConsoleOperation {
    static let action: Action = "latchkey:RedeemConsoleLink"
    /// The code is what it shows.
    static let callers: Set<Principal.Kind> = [.anonymous]

    let console: ConsoleService

    func execute(_ request: RedeemConsoleLink, in context: OperationContext) async throws -> SignInResponse {
        guard let id = try await pool.write({ try sessions.redeem(request.code, at: context.time) }) else {
            throw ServiceError.denied("the link has been used, or is more than a minute old")
        }
        return try await console.open(for: id, in: context)
    }
}
