// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyTransport

/// The token of a login of IAM Identity Center, as `aws sso login` leaves it in `~/.aws/sso/cache` and the AWS tools renew it
/// there.
struct SSOToken: Codable {
    /// Seconds before its end from which on it is renewed: what the AWS tools take.
    static let renewalTime: TimeInterval = 900

    private(set) var accessToken: String
    private var expiresAt: String
    private var startUrl: String?
    private var region: String?
    // What gets another token: the client that the login registered, and what it was given for that.
    private var clientId: String?
    private var clientSecret: String?
    private var registrationExpiresAt: String?
    private var refreshToken: String?

    /// What CreateToken asks for and answers (IAM Identity Center OIDC API; RFC 6749, section 6).
    private struct CreateTokenRequest: Encodable {
        let clientId: String
        let clientSecret: String
        let grantType = "refresh_token"
        let refreshToken: String
    }

    private struct CreateTokenResponse: Decodable {
        let accessToken: String
        /// Seconds.
        let expiresIn: Double
        let refreshToken: String?
    }

    /// - Returns: nil if it is none.
    init?(json: [UInt8]) {
        guard let token = try? JSONDecoder().decode(SSOToken.self, from: Data(json)),
            ExpiringCredentials.date(token.expiresAt) != nil
        else { return nil }
        self = token
    }

    /// What is kept of it.
    var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }

    /// Whether it is good for so many more seconds.
    func isGood(for seconds: TimeInterval, at date: Date = Date()) -> Bool {
        ExpiringCredentials.date(expiresAt).map { $0.timeIntervalSince(date) > seconds } ?? false
    }

    /// Whether there is what gets another one.
    func canBeRenewed(at date: Date = Date()) -> Bool {
        guard clientId != nil, clientSecret != nil, refreshToken != nil else { return false }
        return registrationExpiresAt.flatMap(ExpiringCredentials.date).map { $0 > date } ?? false
    }

    /// Another token. This one's renewal is used up then.
    func renewed(
        at endpoint: ServerAddress,
        trust: Trust,
        startURL: String,
        region: String,
        at date: Date = Date()
    ) throws(ServiceFailure) -> SSOToken {
        let action = "oidc:CreateToken"
        guard let clientId, let clientSecret, let refreshToken,
            let body = try? JSONEncoder()
                .encode(CreateTokenRequest(clientId: clientId, clientSecret: clientSecret, refreshToken: refreshToken))
        else { throw .malformed(action) }
        let response: HTTPResponse
        do throws(TransportError) {
            // Once only: the server may have heard what was not answered.
            response = try HTTPExchange.perform(
                HTTPRequest(
                    "POST",
                    endpoint.with(path: "/token"),
                    headers: [("Content-Type", "application/json")],
                    body: Array(body)
                ),
                trust: trust,
                timeout: 15_000
            )
        } catch {
            throw .unreachable(error)
        }
        guard response.status == 200 else { throw ServiceClient.failure(response) }
        guard let answer = try? JSONDecoder().decode(CreateTokenResponse.self, from: Data(response.body)),
            (0...(366 * 86_400)).contains(answer.expiresIn)
        else { throw .malformed(action) }
        var renewed = self
        renewed.accessToken = answer.accessToken
        renewed.expiresAt = date.addingTimeInterval(answer.expiresIn).formatted(.iso8601)
        // It may be good for several times.
        renewed.refreshToken = answer.refreshToken ?? refreshToken
        renewed.startUrl = startURL
        renewed.region = region
        return renewed
    }
}
