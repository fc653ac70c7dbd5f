// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

@testable import LatchkeyAPI
@testable import LatchkeySessionProtocol
@testable import LatchkeyTransport

/// The parsers that read what comes over the network. What crashes one becomes a case in the tests of its module.
let wireParsers: [String: One] = [
    // A message's header, and its payload as everything that a payload may be.
    "message": { start, count in
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        if let header = try? MessageHeader(of: bytes, checksDigest: false) {
            let written = header.message(bytes[MessageHeader.size...])
            precondition((try? written.withUnsafeBytes { try MessageHeader(of: $0) }) == header)
        }
        let payload =
            count > MessageHeader.size ? UnsafeRawBufferPointer(rebasing: bytes[MessageHeader.size...]) : bytes
        if let content = AcknowledgeContent(payload: payload) {
            precondition(Payload.decode(AcknowledgeContent.self, Payload.encode(content)) == content)
        }
        if let request = Payload.decode(Handshake.Request.self, payload) {
            precondition(Payload.decode(Handshake.Request.self, Payload.encode(request)) == request)
            _ = Handshake.Response(to: request)
        }
        if let response = Payload.decode(Handshake.Response.self, payload) {
            precondition(Payload.decode(Handshake.Response.self, Payload.encode(response)) == response)
            _ = response.refusal
        }
        _ = Payload.decode(Handshake.Complete.self, payload)
        _ = Payload.decode(SizeContent.self, payload)
        _ = Payload.decode(OpenDataChannel.self, payload)
        _ = Payload.decode(OpenControlChannel.self, payload)
        _ = Payload.decode(SessionStateContent.self, payload)
        _ = Payload.decode(ChannelClosedContent.self, payload)
        _ = Payload.decode(TaskCompleteContent.self, payload)
        _ = Payload.decode(TaskAcknowledgeContent.self, payload)
        return 0
    },
    // A form of the Query protocol: what is read is read again as the same when it was written.
    "query": { start, count in
        guard let form = try? QueryForm(Array(UnsafeBufferPointer(start: start, count: count))),
            let request = try? form.decode(EC2.RunInstances.self),
            let written = try? QueryEncoder.encode(request, operation: "X", version: "1"),
            let again = try? QueryForm(written).decode(EC2.RunInstances.self)
        else { return 0 }
        precondition((try? QueryEncoder.encode(again, operation: "X", version: "1")) == written)
        return 0
    },
    // Multiplexed connections: cut anywhere, the bytes say the same. The first byte is where.
    "smux": { start, count in
        guard count > 0, let start else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
        let cut = min(bytes.count, Int(start[0]))
        var whole = SmuxReader()
        var chunks = SmuxReader()
        guard let events = try? whole.read(bytes) else {
            guard (try? chunks.read(Array(bytes[..<cut]))) != nil else { return 0 }
            precondition((try? chunks.read(Array(bytes[cut...]))) == nil)
            return 0
        }
        let first = try? chunks.read(Array(bytes[..<cut]))
        let second = try? chunks.read(Array(bytes[cut...]))
        precondition((first ?? []) + (second ?? []) == events)
        return 0
    },
    // What is read of a frame's header is written and read as the same, and what was masked twice is as it was.
    "websocket": { start, count in
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        guard let parsed = try? WebSocketHeader.parse(bytes) else { return 0 }
        let (header, size) = parsed
        precondition(size <= count && size <= WebSocketHeader.sizeLimit)
        let again = try? header.bytes.withUnsafeBytes { try WebSocketHeader.parse($0) }
        precondition(again?.0 == header && again?.size == header.bytes.count)
        guard let mask = header.mask else { return 0 }
        let original = Array(bytes[size...])
        var payload = original
        for _ in 0..<2 {
            payload.withUnsafeMutableBytes { target in
                WebSocketHeader.apply(mask, offset: size, UnsafeRawBufferPointer(target), to: target)
            }
        }
        precondition(payload == original)
        return 0
    },
    // A server's answer, whole or still on its way.
    "http": { start, count in
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        var whole = ResponseReader()
        whole.append(bytes)
        let response = try? whole.response(isAtEnd: true)
        precondition((response?.body.count ?? 0) <= count)
        _ = response?.excerpt
        // Byte by byte it says the same.
        var chunks = ResponseReader()
        var isFaulty = false
        for index in bytes.indices where !isFaulty {
            chunks.append(UnsafeRawBufferPointer(rebasing: bytes[index...index]))
            do { _ = try chunks.response(isAtEnd: false) } catch { isFaulty = true }
        }
        let last = isFaulty ? nil : try? chunks.response(isAtEnd: true)
        precondition(last?.body == response?.body)
        return 0
    },
    // Where a server is, as someone else says.
    "url": { start, count in
        let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
        for candidate in [text, "https://" + text] {
            guard let address = try? ServerAddress(url: candidate) else { continue }
            precondition((try? ServerAddress(url: address.httpOrigin + address.path)).map { $0.host } == address.host)
        }
        return 0
    },
    // What an agent is told to start.
    "session-task": { start, count in
        let bytes = UnsafeBufferPointer(start: start, count: count)
        if let task = Payload.decode(SessionTask.self, bytes) {
            let written = Payload.encode(task)
            precondition(Payload.decode(SessionTask.self, written).map { Payload.encode($0) } == written)
            _ = task.document.properties.forClient
        }
        if let envelope = Payload.decode(TaskEnvelope.self, bytes) {
            _ = Payload.decode(SessionTask.self, Array(envelope.content.utf8))
        }
        return 0
    },
    // A signed request: the first line is its target, the others are its headers.
    "signature": { start, count in
        let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let target = (lines.first ?? "").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let headers = lines.dropFirst()
            .map { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
            }
        let request = SignableRequest(
            method: "GET",
            path: String(target.first ?? ""),
            query: target.count > 1 ? String(target[1]) : "",
            headers: headers,
            body: []
        )
        for service in ["ssm", "s3"] { _ = try? request.canonical(signedHeaders: ["host"], service: service) }
        for candidate in [text, "AWS4-HMAC-SHA256 " + text] { _ = try? SignatureHeader.parse(candidate) }
        _ = try? SignatureHeader.parse(query: text)
        guard let header = try? SignatureHeader(of: request) else { return 0 }
        let now = header.presigned.map { Date(timeIntervalSince1970: Double($0.time.seconds)) } ?? Date()
        precondition((try? request.verify(header, secretAccessKey: "secret", now: now)) == nil)
        precondition((try? request.verify(header, publicKeyDER: [1, 2, 3], now: now)) == nil)
        return 0
    },
]
