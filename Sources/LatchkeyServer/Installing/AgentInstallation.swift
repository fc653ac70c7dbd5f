// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeySQLite
internal import LatchkeyStore
internal import LatchkeySystem
internal import NIOHTTP1

/// What a machine needs to become an instance: whom to trust, a script, and the agent's program, which lies beside this one.
///
/// The first two are no secrets. The program is given to those alone who show an activation, since it is large.
struct AgentInstallation: Sendable {
    let store: any ServerStore
    let pool: BlockingPool
    let origin: PublicOrigin
    /// The authority's certificate; nil where there is no TLS.
    let authoritiesPath: String?
    /// Nil where there is none.
    let programPath: String?

    static let authoritiesURLPath = "/agent/ca.pem"
    static let scriptURLPath = "/agent/install"
    static let programURLPath = "/agent/program"
    /// What is typed at a machine, with words in the place of an activation's id and code, which are no business of this.
    static let commandURLPath = "/agent/command"

    /// - Returns: nil for a path of others.
    func response(to request: IncomingRequest) async throws -> OutgoingResponse? {
        guard request.method == "GET" else { return nil }
        switch request.path {
        case AgentInstallation.authoritiesURLPath:
            guard let authoritiesPath else { return .text(.notFound, "this server has no authority of its own") }
            let pem = try await pool.run { try StateFile.read(authoritiesPath) ?? [] }
            return OutgoingResponse(.ok, type: "application/x-pem-file", pem)
        case AgentInstallation.scriptURLPath:
            return OutgoingResponse(.ok, type: "text/x-shellscript; charset=utf-8", InstallationScript.text.utf8)
        case AgentInstallation.commandURLPath:
            guard let endpoint = origin.httpOrigin(for: request) else {
                return .text(.badRequest, "the request does not tell how this server is reached")
            }
            let authorities = try await pool.run { try authoritiesPath.flatMap { try StateFile.read($0) } }
            let commands = AgentInstallCommands(
                endpoint: endpoint,
                authorities: endpoint.hasPrefix("https:") ? authorities : nil,
                activation: "ACTIVATION-ID",
                code: "ACTIVATION-CODE"
            )
            return .text(.ok, commands.installation ?? commands.registration)
        case AgentInstallation.programURLPath:
            guard try await showsActivation(request) else {
                var response = OutgoingResponse.text(
                    .unauthorized,
                    "no activation is shown, or it is not good any more"
                )
                response.headers.add(name: "WWW-Authenticate", value: "Basic realm=\"activation\"")
                return response
            }
            guard let programPath,
                let program = try await pool.run({
                    try StateFile.read(programPath, limit: AgentInstallation.programLimit)
                })
            else { return .text(.notFound, "there is no program of the agent beside this server's") }
            return OutgoingResponse(.ok, type: "application/octet-stream", program)
        default: return nil
        }
    }

    /// Bytes: no program of an agent has more.
    private static let programLimit = 512 << 20

    /// Whether a request has the id and the code of an activation that has not expired (RFC 7617).
    private func showsActivation(_ request: IncomingRequest) async throws -> Bool {
        guard let header = request.headers.first(name: "Authorization"), header.hasPrefix("Basic "),
            let pair = Data(base64Encoded: String(header.dropFirst("Basic ".count)))
                .map({
                    String(decoding: $0, as: UTF8.self)
                }),
            let colon = pair.firstIndex(of: ":")
        else { return false }
        let (id, code) = (String(pair[..<colon]), String(pair[pair.index(after: colon)...]))
        let isGood = try await pool.run {
            try store.activationIsGood(id, codeDigest: Digest.sha256(Array(code.utf8)), at: Date())
        }
        // A download may be silent for longer than those who say nothing are let be.
        if isGood { request.connection?.authenticate() }
        return isGood
    }
}
