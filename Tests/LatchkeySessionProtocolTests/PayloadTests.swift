// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyRelayClient
@testable import LatchkeySessionProtocol

/// What stands in the payloads, as the official ends write it and as Latchkey does.
struct PayloadTests {
    private static func acknowledgement(_ json: String) -> AcknowledgeContent? {
        Array(json.utf8).withUnsafeBytes { AcknowledgeContent(payload: $0) }
    }

    @Test func `every recorded acknowledgement names a message that was recorded, and is written as it was`() throws {
        let acknowledgements = RecordedFrame.all.filter { $0.type == MessageType.acknowledge.rawValue }
        #expect(acknowledgements.count == 19)
        for frame in acknowledgements {
            let content = try #require(frame.payload.withUnsafeBytes { AcknowledgeContent(payload: $0) })
            let meant = try #require(RecordedFrame.all.first { $0.id == content.id })
            #expect(meant.type == content.type && meant.sequence == content.sequence && meant.from != frame.from)
            #expect(content.isSequential)
            let header = try meant.bytes.withUnsafeBytes { try MessageHeader(of: $0) }
            let own = try frame.bytes.withUnsafeBytes { try MessageHeader(of: $0) }
            let written = AcknowledgeContent.message(
                of: header.type,
                id: header.id,
                sequence: header.sequence,
                stamp: MessageStamp(id: own.id, created: own.created)
            )
            #expect(written == frame.bytes)
        }
    }

    @Test(
        arguments: [
            "", "{}", "[]", "null", "{", "\u{0}",
            #"{"AcknowledgedMessageType":"input_stream_data","AcknowledgedMessageId":"x","IsSequentialMessage":true}"#,
            """
            {"AcknowledgedMessageType":"input_stream_data","AcknowledgedMessageId":"x",\
            "AcknowledgedMessageSequenceNumber":1.5,"IsSequentialMessage":true}
            """,
            """
            {"AcknowledgedMessageType":"input_stream_data","AcknowledgedMessageId":"x",\
            "AcknowledgedMessageSequenceNumber":99999999999999999999,"IsSequentialMessage":true}
            """,
            """
            {"AcknowledgedMessageType":"input_stream_data","AcknowledgedMessageId":"x",\
            "AcknowledgedMessageSequenceNumber":"1","IsSequentialMessage":true}
            """,
        ]
    )
    func `what is no acknowledgement is not taken for one`(json: String) {
        #expect(Self.acknowledgement(json) == nil)
    }

    @Test func `an acknowledgement that is too long is not read`() {
        let id = String(repeating: "a", count: 1024)
        let json = """
            {"AcknowledgedMessageType":"input_stream_data","AcknowledgedMessageId":"\(id)",\
            "AcknowledgedMessageSequenceNumber":1,"IsSequentialMessage":true}
            """
        #expect(Self.acknowledgement(json) == nil)
        #expect(Self.acknowledgement(json.replacing(id, with: "a")) != nil)
    }

    @Test func `the recorded handshakes are understood`() throws {
        func payloads(_ type: PayloadType) -> [[UInt8]] {
            RecordedFrame.all.filter { $0.payloadType == type.rawValue }.map(\.payload)
        }
        let requests = payloads(.handshakeRequest).compactMap { Payload.decode(Handshake.Request.self, $0) }
        #expect(requests.map(\.agentVersion) == ["3.3.0.0", "3.3.0.0"])
        #expect(requests.allSatisfy { $0.extensions == nil && $0.actions.map(\.type) == ["SessionType"] })
        #expect(
            requests.map { $0.actions.first?.parameters?.sessionType } == ["Port", "NonInteractiveCommands"]
        )
        var properties = SessionProperties()
        properties.localPortNumber = "18997"
        properties.portNumber = "19997"
        properties.type = "LocalPortForwarding"
        #expect(requests.map { $0.actions.first?.parameters?.properties } == [properties, nil])

        let responses = payloads(.handshakeResponse).compactMap { Payload.decode(Handshake.Response.self, $0) }
        #expect(responses.count == 2)
        for response in responses {
            #expect(response.clientVersion == "1.2.677.0")
            #expect(response.errors == nil && response.extensions == nil && response.refusal == nil)
            #expect(response.actions == [Handshake.Response.Action(type: "SessionType", status: 1, error: "")])
        }
        let complete = payloads(.handshakeComplete).compactMap { Payload.decode(Handshake.Complete.self, $0) }
        #expect(complete == [Handshake.Complete(duration: 1_493_312), Handshake.Complete(duration: 1_249_834)])
        #expect(
            payloads(.size).compactMap { Payload.decode(SizeContent.self, $0) }
                == [SizeContent(cols: 97, rows: 31), SizeContent(cols: 97, rows: 31)]
        )
        #expect(payloads(.flag) == [[0, 0, 0, UInt8(Flag.terminateSession.rawValue)]])
        #expect(payloads(.exitCode) == [Array("EXIT_CODE: 7".utf8)])
    }

    @Test func `the recorded states of sessions are understood`() throws {
        let states = RecordedFrame.all.filter { $0.type == MessageType.sessionState.rawValue }
            .compactMap { Payload.decode(SessionStateContent.self, $0.payload) }
        #expect(states.map(\.state) == ["Connected", "Connected", "Terminating", "Connected", "Terminating"])
        #expect(states.allSatisfy { $0.schemaVersion == 1 && $0.sessionID.hasPrefix("user-") })
    }

    @Test func `Latchkey's ends agree on what the official ones do not know`() throws {
        let request = Handshake.Request(sessionType: .port, properties: SessionProperties())
        let read = try #require(Payload.decode(Handshake.Request.self, Payload.encode(request)))
        #expect(read == request && read.extensions == .all)
        let response = Handshake.Response(to: read)
        #expect(Payload.decode(Handshake.Response.self, Payload.encode(response)) == response)
        #expect(response.extensions == .all && response.refusal == nil)
        // The official plugin splits versions at the dots and compares four numbers.
        for version in [request.agentVersion, response.clientVersion] {
            #expect(version.split(separator: ".").compactMap { Int($0) }.count == 4)
        }
    }

    @Test func `an official agent is not shown what it would not understand`() throws {
        var request = Handshake.Request(sessionType: .shell, properties: nil)
        request.extensions = nil
        let response = Handshake.Response(to: request)
        #expect(response.extensions == nil)
        #expect(!String(decoding: Payload.encode(response), as: UTF8.self).contains("Latchkey"))
    }

    @Test func `encryption by a service of Amazon's is declined, and the reason told`() throws {
        let json = """
            {"AgentVersion":"3.3.0.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":\
            {"SessionType":"Standard_Stream","Properties":null}},{"ActionType":"KMSEncryption","ActionParameters":\
            {"KMSKeyId":"key","Challenge":"AAAA"}}]}
            """
        let request = try #require(Payload.decode(Handshake.Request.self, Array(json.utf8)))
        let response = Handshake.Response(to: request)
        #expect(response.actions.map(\.status) == [1, 3])
        #expect(response.refusal?.hasPrefix("the client refused KMSEncryption: ") == true)
    }

    @Test(
        arguments: [
            (#""ActionStatus":2,"Error":"no""#, "null", "the client refused SessionType: no"),
            (#""ActionStatus":3,"Error":"""#, #"["why"]"#, "the client refused SessionType: why"),
            // The official plugin's slip: the status stands in the result.
            (#""ActionStatus":0,"ActionResult":3,"Error":null"#, "[]", "the client refused SessionType"),
        ]
    )
    func `a refusal is told`(action: String, errors: String, refusal: String) throws {
        let json = """
            {"ClientVersion":"1","ProcessedClientActions":[{"ActionType":"SessionType",\(action)}],"Errors":\(errors)}
            """
        let response = try #require(Payload.decode(Handshake.Response.self, Array(json.utf8)))
        #expect(response.refusal == refusal)
    }

    @Test func `a payload that is too long is not read`() {
        let json = Array(#"{"cols":1,"rows":2}"#.utf8)
        #expect(Payload.decode(SizeContent.self, json) != nil)
        let padded = json + [UInt8](repeating: 0x20, count: Payload.jsonLimit)
        #expect(Payload.decode(SizeContent.self, padded) == nil)
    }

    @Test func `a closed channel is told in the shape that the official ends read`() throws {
        let content = ChannelClosedContent(stamp: MessageTests.stamp, sessionID: "s-1", output: "over")
        #expect(
            String(decoding: Payload.encode(content), as: UTF8.self) == """
                {"CreatedDate":"1700000000123","DestinationId":"s-1","MessageId":"00112233-4455-6677-8899-aabbccddeeff",\
                "MessageType":"channel_closed","Output":"over","SchemaVersion":1,"SessionId":"s-1"}
                """
        )
    }
}

struct SessionEndReasonTests {
    @Test func `each end of a session has words of its own, and says what helps`() {
        for end in SessionEndReason.allCases {
            #expect(SessionEndReason(rawValue: end.rawValue) == end && !end.hint.isEmpty)
            #expect(SessionEndReason.hint(for: end.rawValue) == end.hint)
        }
        // An agent's own words, and none.
        for words in ["there is no user 'bob' on this machine", ""] {
            #expect(SessionEndReason.hint(for: words) == SessionEndReason.agentWentAway.hint)
        }
    }

    @Test(arguments: ["a", "\u{1}", "\"", "é", "\u{1F600}", "e\u{301}\u{301}\u{301}"])
    func `what a script has said is cut until its reply fits into a message`(text: String) throws {
        let many = String(repeating: text, count: 24_000 / text.unicodeScalars.count)
        let reply = CommandReply(
            status: .failed,
            step: CommandReply.Step(
                status: .failed,
                code: 7,
                standardOutput: many,
                standardError: many,
                started: "2026-11-27T12:00:00Z",
                ended: "2026-11-27T12:00:01Z"
            )
        )
        let cut = reply.cut(to: 100 * 1024)
        let content = String(decoding: Payload.encode(cut), as: UTF8.self)
        #expect(content.utf8.count <= 100 * 1024)
        // As text within JSON once more it has to fit into what a control channel takes.
        let message = Payload.encode(JobReplyContent(jobID: "aws.ssm.c.i", content: content))
        #expect(message.count + MessageHeader.size <= 256 * 1024)
        let step = cut.runtimeStatus?[CommandDocument.plugin]
        #expect(step?.code == 7)
        #expect(many.hasPrefix(step?.standardOutput ?? "x") && !(step?.standardOutput ?? "").isEmpty)
        // What fits is left alone.
        #expect(Payload.encode(reply.cut(to: 1 << 20)) == Payload.encode(reply))
    }

    @Test func `what an agent says of a failure is one line, safe for a terminal`() {
        let block = "----------ERROR-------\nUnable to start command: no such user\r\n\n  exit status 1\u{1B}[2J\n"
        #expect(RelayProcess.line(block) == "Unable to start command: no such user; exit status 1\\u{1B}[2J")
        #expect(RelayProcess.line("the session was terminated") == "the session was terminated")
        #expect(RelayProcess.line("\n----\n") == "")
    }
}
