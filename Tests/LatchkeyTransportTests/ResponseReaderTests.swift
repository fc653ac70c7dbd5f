// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeyTransport

struct ResponseReaderTests {
    private static func reader(_ bytes: [UInt8]) -> ResponseReader {
        var reader = ResponseReader()
        bytes.withUnsafeBytes { reader.append($0) }
        return reader
    }

    private static func response(_ bytes: [UInt8], isAtEnd: Bool = false) throws -> HTTPResponse? {
        var reader = reader(bytes)
        return try reader.response(isAtEnd: isAtEnd)
    }

    private static func response(_ text: String, isAtEnd: Bool = false) throws -> HTTPResponse? {
        try response(Array(text.utf8), isAtEnd: isAtEnd)
    }

    /// What the reader does not put up with.
    private static func fault(_ text: String) -> TransportError? {
        do throws(TransportError) {
            var reader = reader(Array(text.utf8))
            _ = try reader.response(isAtEnd: true)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nab", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, close\t\r\n\r\nab", false),
        ("HTTP/1.1 204 No Content\r\n\r\n", true), ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
    ]) func `a connection is used again only where it is clear what comes next`(text: String, isOpen: Bool) throws {
        var reader = Self.reader(Array(text.utf8))
        let response = try reader.response(isAtEnd: false)
        let leavesOpen = reader.leavesOpen
        #expect(response != nil && leavesOpen == isOpen)
    }

    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-A: 1\r\n\r\nhello world",
            "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n \r\n05\r\nworld\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\nB\r\nhello world\r\n0\r\nX: y\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: \t 11 \t \r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\nContent-Length:11\r\nContent-Length: 11 \r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n\r\n5 ;a=b\r\nhello\r\n6 \t\r\n world\r\n0 \r\n\r\n",
        ]
    )
    func `an answer is complete when its last byte that counts has come, and not before`(text: String) throws {
        let bytes = Array(text.utf8)
        var isComplete = false
        for count in 0...bytes.count {
            let response = try Self.response(Array(bytes.prefix(count)))
            #expect(response == nil || response?.body == Array("hello world".utf8))
            #expect(response != nil || !isComplete)
            isComplete = response != nil
        }
        #expect(isComplete)
        // And as one reader sees it come.
        var reader = ResponseReader()
        var bodies: [[UInt8]?] = []
        for byte in bytes {
            withUnsafeBytes(of: byte) { reader.append($0) }
            bodies.append(try reader.response(isAtEnd: false)?.body)
        }
        #expect(bodies.last == Array("hello world".utf8))
        #expect(
            bodies.count { $0 == nil } == (0...bytes.count)
                .count { (try? Self.response(Array(bytes.prefix($0)))) == nil } - 1
        )
    }

    /// Were the answer read anew with each byte, this would take hours.
    @Test(.timeLimit(.minutes(5))) func `an answer that comes byte by byte is read once`() throws {
        let filler = String(repeating: "x", count: 1000)
        let head = "HTTP/1.1 200 OK\r\n" + (0..<60).map { "X-\($0): \(filler)\r\n" }.joined()
        let size = 1 << 15
        let texts = [
            head + "Content-Length: \(size)\r\n\r\n" + String(repeating: "a", count: size),
            head + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: "1\r\na\r\n", count: size) + "0\r\n",
        ]
        for text in texts {
            var reader = ResponseReader()
            var response: HTTPResponse?
            for byte in text.utf8 {
                withUnsafeBytes(of: byte) { reader.append($0) }
                if let whole = try reader.response(isAtEnd: false) { response = whole }
            }
            #expect(response?.body.count == size)
        }
    }

    @Test func `a body without a length ends with the connection`() throws {
        let text = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\nno"
        #expect(try Self.response(text) == nil)
        let response = try #require(try Self.response(text, isAtEnd: true))
        #expect(response.status == 400 && response.body == Array("no".utf8) && response.header("server") == "x")
        #expect(try Self.response("HTTP/1.1 204 No Content\r\n\r\n")?.body == [])
    }

    @Test func `a body that is cut off is no answer`() throws {
        #expect(try Self.response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno", isAtEnd: true) == nil)
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for rest in ["", "5", "5\r", "5\r\n", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0"] {
            #expect(try Self.response(chunked + rest, isAtEnd: true) == nil)
        }
    }

    @Test(
        arguments: [
            "-1", "+1", "1x", "", " ", "1 1", "1\r\nContent-Length: 2", "0x10", "1.0", "99999999999999999999",
            "16777217", "1, 1", "٣", "1\u{0}",
            String(repeating: "9", count: 5000),
        ]
    )
    func `a length that is none is refused`(length: String) {
        #expect(Self.fault("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\nx") != nil)
    }

    @Test(
        arguments: [
            "-1", "+1", "g", "", " 5", "0x5", "FFFFFFFF", "FFFFFFFFFFFFFFFF", "1000001", "-0", "٣", ";a=b",
            String(repeating: "0", count: 5000),
        ]
    )
    func `a chunk whose size is none is refused`(size: String) {
        #expect(Self.fault("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\nx") != nil)
    }

    @Test func `a chunk that goes on after its size is refused`() {
        #expect(Self.fault("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd0\r\n\r\n") != nil)
    }

    @Test(
        arguments: [
            "HTTP/2 200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 abc OK", "HTTP/1.1 99 OK", "HTTP/1.1 600 OK",
            "HTTP/1.1 +20 OK", "HTTP/1.1 -200 OK", "HTTP/1.1 00200 OK", "ICY 200 OK", "SSH-2.0-OpenSSH", "\u{0}",
            "HTTP/1.1 200 OK\r\nno colon here", "HTTP/1.1 200 OK\r\n folded: no\r\nnothing",
        ]
    )
    func `what is not HTTP is refused`(head: String) { #expect(Self.fault(head + "\r\n\r\n") != nil) }

    @Test func `a head without end is not read on for ever`() throws {
        let flood = "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 20_000)
        #expect(Self.fault(flood) == .malformed("an answer without end"))
        #expect(Self.fault(String(repeating: "x", count: 70_000)) == .malformed("an answer without end"))
        #expect(try Self.response(String(flood.prefix(1000))) == nil)
    }

    @Test func `a body without end is not read on for ever`() {
        var bytes = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        bytes += [UInt8](repeating: 0x20, count: ResponseReader.bodyLimit + 1)
        #expect(throws: TransportError.tooLong) { try Self.response(bytes) }
        #expect(Self.fault("HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n") == .tooLong)
        // What stands around the chunks counts, too.
        let chunks = String(repeating: "100000\r\n" + String(repeating: "a", count: 1 << 20) + "\r\n", count: 16)
        #expect(Self.fault("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) == .tooLong)
        let extension_ = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "a", count: 9000)
        #expect(Self.fault(extension_) == .malformed("a chunk without a size"))
    }

    @Test func `an answer with some bytes changed is told or read`() {
        let texts = [
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-A: 1\r\n\r\nhello world",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n",
        ]
        var generator = SeededGenerator(seed: 5)
        for text in texts {
            for _ in 0..<2000 {
                var bytes = Array(text.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: bytes.indices, using: &generator)
                    if generator.chance(50) {
                        bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                    } else {
                        bytes.remove(at: place)
                    }
                }
                _ = try? Self.response(bytes, isAtEnd: generator.chance(50))
            }
        }
    }

    @Test func `what a server says is safe for a terminal`() throws {
        let response = try Self.response("HTTP/1.1 400 No\r\n\r\n\u{1B}]0;evil\u{7}", isAtEnd: true)
        #expect(response?.excerpt.contains("\u{1B}") == false)
    }
}
