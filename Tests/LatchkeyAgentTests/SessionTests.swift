// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import LatchkeyTransport
import Synchronization
import Testing

@testable import LatchkeyAgent
@testable import LatchkeySessionProtocol

extension ProcessTests {
    /// A session whose relay is the test's.
    struct Sessions {
        @Test func `output is read and an end is noticed while an attempt to reach the relay goes on`() throws {
            try Scratch.with { scratch in
                let server = try Listener()
                let attempts = Mutex(0)
                let isOver = Mutex(false)
                let gate = DispatchSemaphore(value: 0)
                let control = SessionControl()
                let port = server.port
                // Much more than a pipe takes, and less than the agent holds for a client.
                let line = """
                    cd '\(scratch.path)'; echo $$ >process; until [ -e go ]; do sleep 0.05; done
                    head -c 3000000 /dev/zero; touch written
                    """
                let threads = Threads(1) {
                    var session = AgentSession(
                        SessionTask(
                            documentName: "x",
                            sessionID: "x",
                            owner: "x",
                            user: nil,
                            type: .command,
                            properties: SessionTask.Properties()
                        ),
                        .command,
                        control: control,
                        dial: { _, timeout throws(RelayAccess.Failure) in
                            let number = attempts.withLock { attempts in
                                attempts += 1
                                return attempts
                            }
                            if number > 1 { gate.wait() }
                            return try Self.dial(port, timeout)
                        },
                        makeEnd: { _, _ throws(SessionBackendFailure) in
                            try ProcessBackend(Local.shell(line), streams: .separate(), waitsForSize: false)
                        }
                    )
                    _ = session.run()
                    isOver.withLock { $0 = true }
                }
                guard let threads else { throw HarnessError("there is no thread") }
                threads.detach()
                // The process is begun once a client is there, and then the connection is lost.
                let connection = server.take()
                try Self.greet(connection)
                let process = "\(scratch.path)/process"
                #expect(Local.eventually { (try? scratch.read(process).hasSuffix("\n")) == true })
                close(connection)
                #expect(Local.eventually { attempts.withLock { $0 } == 2 })

                try scratch.write("go", "")
                let manager = FileManager.default
                #expect(Local.eventually { manager.fileExists(atPath: "\(scratch.path)/written") })
                // One whose end was not noticed would be a zombie.
                let number = try scratch.read(process).trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(Local.eventually { !manager.fileExists(atPath: "/proc/\(number)") })
                // All that while it was the same attempt.
                #expect(attempts.withLock { $0 } == 2)
                // It does not keep the session from ending either.
                control.cancel()
                #expect(Local.eventually { isOver.withLock { $0 } })
                gate.signal()
                #expect(Local.eventually { !Threads.areRunning })
            }
        }

        private static func dial(
            _ port: Int,
            _ timeout: Int
        ) throws(RelayAccess.Failure) -> (WebSocketConnection, OpenDataChannel) {
            do {
                let connection = try WebSocketConnection(
                    to: ServerAddress(isSecure: false, host: "127.0.0.1", port: port),
                    trust: .system,
                    timeout: timeout
                )
                return (connection, OpenDataChannel(requestID: "x", token: "x"))
            } catch {
                throw .lost(error.message)
            }
        }

        /// What a relay and a client say until a session may begin.
        private static func greet(_ connection: Int32) throws {
            var request = ""
            var buffer = [UInt8](repeating: 0, count: 4096)
            while !request.hasSuffix("\r\n\r\n") {
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { throw HarnessError("the agent hung up: \(request)") }
                request += String(decoding: buffer.prefix(count), as: UTF8.self)
            }
            let key =
                request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
            let head = """
                HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r
                Sec-WebSocket-Accept: \(WebSocketConnection.accept(for: String(key)))\r\n\r\n
                """
            let response = Handshake.Response(to: Handshake.Request(sessionType: .command, properties: nil))
            var random = SystemRandomNumberGenerator()
            let header = MessageHeader(
                type: .input,
                stamp: .make(&random),
                sequence: 0,
                payloadType: .handshakeResponse
            )
            let message = header.message(Payload.encode(response))
            let bytes = Array(head.utf8) + WebSocketHeader(.binary, length: message.count).bytes + message
            guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
                throw HarnessError("the agent hung up")
            }
        }
    }
}
