// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyAuthorization
import LatchkeyTestSupport
import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyMetrics
@testable import LatchkeyOperations
@testable import LatchkeyRelay
@testable import LatchkeyServer

/// What each request passes.
struct RequestPipelineTests {
    /// Takes the header `As` for who asks.
    private struct Names: AuthenticationMethod {
        func hasCredentials(_ request: IncomingRequest) -> Bool { request.headers.contains(name: "As") }
        func namesSigner(_ request: IncomingRequest) -> Bool { false }

        func caller(of request: IncomingRequest, services: Set<String>, now: Date) throws -> Caller {
            guard services == ["ssm"] else { throw AuthenticationFailure.wrongService("ssm") }
            switch request.headers.first(name: "As") ?? "" {
            case "agent": return Caller(.instance("i-1"))
            case "stranger": throw AuthenticationFailure.unknownKey
            case let name: return Caller(.user(name: name, accessKeyID: "AKIA1", isAdmin: name == "admin"))
            }
        }
    }

    private final class Recorder: RequestRecorder {
        let all = Mutex<[(RequestRecord, RequestRecord.Outcome)]>([])

        func record(_ record: RequestRecord, _ outcome: RequestRecord.Outcome) {
            all.withLock { $0.append((record, outcome)) }
        }
    }

    /// Ends a session of ann's, or fails.
    private final class EndOperation: LatchkeyOperations.Operation {
        static let action: Action = "ssm:TerminateSession"
        let count = Mutex(0)

        func resources(of request: TerminateSession) async throws -> [Resource] {
            guard request.sessionId != "none" else { throw ServiceError.unknownSession }
            let owner = "arn:aws:iam::000000000000:user/ann"
            return [.session(request.sessionId, owner: owner, target: "i-1")]
        }

        func execute(_ request: TerminateSession, in context: OperationContext) async throws
            -> TerminateSession.Response
        {
            if request.sessionId == "broken" { throw CancellationError() }
            count.withLock { $0 += 1 }
            return TerminateSession.Response(sessionId: request.sessionId)
        }
    }

    private let recorder = Recorder()
    private let operation = EndOperation()

    private var pipeline: RequestPipeline {
        RequestPipeline(
            authenticator: Authenticator(methods: [Names()]),
            authorizer: Authorizer(AccessKeyPolicy()),
            recorder: recorder,
            faults: FaultReporter(
                metrics: ServerMetrics(),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
            region: "local"
        )
    }

    private func request(as name: String?) -> IncomingRequest {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
        head.headers.add(name: "User-Agent", value: "aws-cli/2")
        if let name { head.headers.add(name: "As", value: name) }
        return IncomingRequest(head: head, body: .whole([]), isSecure: true, source: "192.0.2.1")
    }

    /// - Returns: the status, and what the one record says.
    private func end(_ id: String, as name: String?) async throws -> (Int, RequestRecord, RequestRecord.Outcome) {
        let body = Array(#"{"SessionId": "\#(id)"}"#.utf8)
        let coding = JSONCoding(action: EndOperation.action, body: body, requestID: "r-1", region: "local")
        let registered = RegisteredOperation(operation)
        let answer = await pipeline.respond(
            to: request(as: name),
            EndOperation.action,
            with: registered,
            coding,
            requestID: "r-1"
        )
        let (record, outcome) = try #require(recorder.all.withLock { $0.last })
        #expect(record.requestID == "r-1" && record.sourceAddress == "192.0.2.1" && record.userAgent == "aws-cli/2")
        #expect(record.action == EndOperation.action)
        return (Int(answer.status.code), record, outcome)
    }

    @Test func `what is allowed is done, and recorded with all that it touched`() async throws {
        let (status, record, outcome) = try await end("s-1", as: "ann")
        #expect(status == 200 && outcome == .succeeded && operation.count.withLock { $0 } == 1)
        #expect(record.principal == .user(name: "ann", accessKeyID: "AKIA1", isAdmin: false))
        #expect(record.resources.map { $0.arn(region: "local") } == ["arn:aws:ssm:local:000000000000:session/s-1"])
        #expect(try await end("s-1", as: "admin").0 == 200)
        #expect(recorder.all.withLock { $0.count } == 2)
    }

    @Test(
        arguments: [
            ("s-1", "bob", "AccessDeniedException"), ("s-1", "agent", "AccessDeniedException"),
            ("s-1", "stranger", "UnrecognizedClientException"), ("s-1", nil, "MissingAuthenticationTokenException"),
            ("none", "ann", "DoesNotExistException"), ("broken", "ann", "InternalServerError"),
        ] as [(String, String?, String)]
    ) func `what is not done is recorded as well`(
        id: String,
        name: String?,
        code: String
    ) async throws {
        let (status, record, outcome) = try await end(id, as: name)
        let isDenied = code == "AccessDeniedException"
        #expect(status >= 400 && outcome == (isDenied ? .denied(code: code) : .failed(code: code)))
        #expect((record.principal == nil) == [nil, "stranger"].contains(name))
        #expect(operation.count.withLock { $0 } == 0)
        #expect(recorder.all.withLock { $0.count } == 1)
    }

    @Test func `what is not offered is told to those alone who are known`() async throws {
        let action: Action = "ssm:CreateDocument"
        let coding = JSONCoding(action: action, body: [], requestID: "r", region: "local")
        for name in ["ann", "agent", "stranger"] {
            _ = await pipeline.respond(to: request(as: name), action, with: nil, coding, requestID: "r")
        }
        let unknown = RequestRecord.Outcome.failed(code: "UnknownOperationException")
        let refused = RequestRecord.Outcome.failed(code: "UnrecognizedClientException")
        #expect(recorder.all.withLock { $0.map(\.1) } == [unknown, unknown, refused])
    }

    @Test func `each decision about a channel is recorded`() throws {
        let ann = "arn:aws:iam::000000000000:user/ann"
        func admit(_ name: String?) throws -> ChannelAdmission {
            try pipeline.admit(request(as: name), "ssm:OpenChannel", for: [.user, .anonymous], requestID: "r")
        }
        let admission = try admit("ann")
        // Nothing is decided before it is known what the channel is about.
        #expect(recorder.all.withLock { $0.isEmpty })
        #expect(admission.authorize(.session("s", owner: ann, target: "i-1")))
        #expect(!admission.authorize(.session("t", owner: "\(ann)a", target: "i-1")))
        #expect(try admit(nil).principal == .anonymous)
        #expect(throws: AuthorizationFailure.self) { try admit("agent") }
        #expect(throws: AuthenticationFailure.self) { try admit("stranger") }
        let denied = RequestRecord.Outcome.denied(code: "AccessDeniedException")
        let unknown = RequestRecord.Outcome.failed(code: "UnrecognizedClientException")
        #expect(recorder.all.withLock { $0.map(\.1) } == [.succeeded, denied, denied, unknown])
    }
}
