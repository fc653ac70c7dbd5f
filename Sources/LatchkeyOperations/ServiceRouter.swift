// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
package import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics
package import LatchkeyModel
package import LatchkeyRelay
package import LatchkeyStore
package import Logging
internal import NIOHTTP1

/// AWS's services as a whole: takes each request to its protocol, and through the one pipeline to its operation or channel.
package struct ServiceRouter: Sendable {
    /// What the services need of their server.
    package struct Setting: Sendable {
        let store: any ServerStore
        /// This latchkeyd, which owns the sessions that it starts.
        let node: NodeID
        let relay: Relay
        /// Which agents are connected, to this node or another.
        let agents: any AgentDirectory
        let pool: BlockingPool
        let events: SessionEventWriter
        let commands: CommandDispatcher
        let consoleSessions: ConsoleSessions
        /// Nil where there is no container engine.
        let launcher: (any InstanceLauncher)?
        let region: String
        /// How clients reach the server.
        let origin: PublicOrigin
        /// Minutes that a session may last; nil for no limit.
        let maxDuration: Int?

        package init(
            store: any ServerStore,
            node: NodeID,
            relay: Relay,
            agents: any AgentDirectory,
            pool: BlockingPool,
            events: SessionEventWriter,
            commands: CommandDispatcher,
            consoleSessions: ConsoleSessions,
            launcher: (any InstanceLauncher)?,
            region: String,
            origin: PublicOrigin,
            maxDuration: Int?
        ) {
            self.store = store
            self.node = node
            self.relay = relay
            self.agents = agents
            self.pool = pool
            self.events = events
            self.commands = commands
            self.consoleSessions = consoleSessions
            self.launcher = launcher
            self.region = region
            self.origin = origin
            self.maxDuration = maxDuration
        }
    }

    private let pipeline: RequestPipeline
    private let json: JSONRouter
    private let query: QueryRouter
    private let channels: ChannelRouter
    private let signIns: SignInLimiter

    /// - Parameters:
    ///   - key: seals access keys' secrets and agents' credentials.
    ///   - signers: what is known of those of the store.
    package init(_ setting: Setting, key: MasterKey, signers: KnownSigners, metrics: ServerMetrics, log: Logger) {
        let (events, region) = (setting.events, setting.region)
        let roles = AgentRoles(key: key, signers: signers)
        let signatures = SignatureAuthentication(key: key, signers: signers, roles: roles) { events.used($0, at: $1) }
        let console = ConsoleAuthentication(
            sessions: setting.consoleSessions,
            signers: signers,
            origin: setting.origin
        )
        pipeline = RequestPipeline(
            authenticator: Authenticator(methods: [signatures, console]),
            authorizer: Authorizer(AccessKeyPolicy()),
            recorder: RequestLog(region: region, log: log),
            faults: FaultReporter(metrics: metrics, log: log),
            origin: setting.origin,
            region: region
        )
        signIns = SignInLimiter(origin: setting.origin)
        let registry = OperationRegistry(setting, signers: signers, roles: roles, log: log)
        json = JSONRouter(pipeline: pipeline, registry: registry, region: region)
        query = QueryRouter(pipeline: pipeline, registry: registry, region: region)
        channels = ChannelRouter(
            pipeline: pipeline,
            relay: setting.relay,
            region: region,
            metrics: metrics,
            log: log
        )
    }

    /// The answer to a request; nil for an address that is no service's.
    package func response(to request: IncomingRequest) async -> OutgoingResponse? {
        if let response = await channels.token(for: request) { return response }
        if QueryRouter.takes(request) { return await query.respond(to: request) }
        guard request.method == "POST", request.path == "/" else { return nil }
        guard SignInLimiter.isAttempt(request) else { return await json.respond(to: request) }
        if let delay = signIns.begin(request) { return json.refuseSignIn(request, for: delay) }
        let response = await json.respond(to: request)
        signIns.end(request, response)
        return response
    }

    /// The answer to a request whose body was longer than `limit` bytes.
    package func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        QueryRouter.takes(request)
            ? query.refuse(request, longerThan: limit)
            : .text(.payloadTooLarge, "the request is longer than \(limit) bytes")
    }

    /// Whether a request carries credentials of any kind, valid or not.
    package func hasCredentials(_ request: IncomingRequest) -> Bool { pipeline.authenticator.hasCredentials(request) }

    /// Whether a request names a key that is known, which is no proof.
    package func namesSigner(_ request: IncomingRequest) -> Bool { pipeline.authenticator.namesSigner(request) }

    /// Whether the head of a request shows who sends it.
    package func isAuthenticated(head request: IncomingRequest) -> Bool {
        (try? pipeline.authenticator.caller(of: request, services: ServiceRouter.services)) != nil
    }

    /// Everything that signatures may be for.
    private static let services: Set = [
        "ec2", "ec2-instance-connect", "ec2messages", "latchkey", "ssm", "ssmmessages", "sts",
    ]

    /// What becomes of a request for a channel. Waits for nothing, but may take a while for a signature.
    package func upgrade(_ request: IncomingRequest) -> UpgradeAnswer { channels.upgrade(request) }

    /// What may be told of a fault while a request was answered, which is logged.
    package func failure(_ error: any Error, _ request: IncomingRequest) -> OutgoingResponse {
        let told = pipeline.faults.serviceError(for: error, of: request.path, nil)
        return .text(told.status, told.message)
    }
}
