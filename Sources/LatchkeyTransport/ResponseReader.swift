// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Reads an answer (RFC 9112), however its bytes are cut. Each byte is looked at once: what was read stays read, and a search
/// for the end of a line goes on where it stopped. So an answer that comes byte by byte costs no more than one that comes whole.
struct ResponseReader: ~Copyable {
    /// The most that an answer's head, and its body with all that stands around it, may have. AWS's own heads are below 2 KiB;
    /// a page of 1000 instances, the longest answer there is, takes about 5 MiB.
    static let headLimit = 64 * 1024
    static let bodyLimit = 16 << 20
    /// A chunk's size and what its sender adds to it.
    private static let lineLimit = 4096

    /// An answer's beginning.
    struct Head: Sendable {
        let status: Int
        /// Names in lower case, values without the blanks around them.
        let headers: [(name: String, value: String)]
        /// Whether the server says nothing that speaks against another request over the same connection.
        let isPersistent: Bool

        /// The values of one header, which may have come several times.
        func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    }

    /// What comes next.
    private enum Part {
        case head
        /// So many bytes of the body, which is whole then.
        case body(Int)
        /// The body is all that comes.
        case bodyUntilEnd
        case chunkSize
        case chunk(Int)
        case chunkEnd
        /// Nothing that counts. Behind the last chunk there is an empty line yet.
        case end(isChunked: Bool)
    }

    private var buffer = ByteQueue(capacity: 16 * 1024)
    /// So many bytes of the buffer do not end the line, or the head, that it begins with.
    private var searched = 0
    private var part = Part.head
    private var known: Head?
    private var body: [UInt8] = []
    /// Bytes that were taken since the head.
    private var taken = 0

    init() {}

    /// Takes bytes that have come.
    mutating func append(_ bytes: UnsafeRawBufferPointer) { buffer.append(bytes) }

    /// Takes what has come over a connection, and waits for it.
    ///
    /// - Returns: false at the end.
    /// - Throws: `timedOut` also where something comes all the time.
    mutating func read(from stream: inout ByteStream, until deadline: Int64) throws(TransportError) -> Bool {
        while true {
            guard SystemClock.milliseconds() < deadline else { throw .timedOut }
            let count = try buffer.fill(reserving: 16 * 1024) { buffer throws(TransportError) in
                try stream.read(into: buffer)
            }
            guard let count else { return false }
            if count > 0 { return true }
            try stream.wait(forWriting: stream.wantsToWrite, until: deadline)
        }
    }

    /// What came behind the head of an answer after which the connection is no longer HTTP's.
    mutating func takeRest() -> [UInt8] {
        let rest = Array(buffer.content)
        buffer.removeFirst(rest.count)
        return rest
    }

    // MARK: The head

    /// The head; nil if it is not complete.
    mutating func head() throws(TransportError) -> Head? {
        if let known { return known }
        guard let end = find("\r\n\r\n") else {
            guard buffer.count <= ResponseReader.headLimit else { throw .malformed("an answer without end") }
            return nil
        }
        guard end <= ResponseReader.headLimit else { throw .malformed("an answer without end") }
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: buffer.content[..<(end - 4)]), as: UTF8.self)
        buffer.removeFirst(end)
        let head = try ResponseReader.head(text)
        known = head
        part = try ResponseReader.firstPart(head)
        return head
    }

    private static func head(_ text: String) throws(TransportError) -> Head {
        let lines = text.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
            let status = number(words[1], radix: 10), (100...599).contains(status)
        else { throw .malformed("an answer that is not HTTP") }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed("a header without a name") }
            headers.append((line[..<colon].lowercased(), String(trimmed(line[line.index(after: colon)...]))))
        }
        let isClosing = headers.contains { header in
            header.name == "connection"
                && header.value.split(separator: ",").contains { trimmed($0).lowercased() == "close" }
        }
        return Head(status: status, headers: headers, isPersistent: words[0] == "HTTP/1.1" && !isClosing)
    }

    /// How the body is delimited (RFC 9112 §6.3).
    private static func firstPart(_ head: Head) throws(TransportError) -> Part {
        if (100..<200).contains(head.status) || head.status == 204 || head.status == 304 {
            return .end(isChunked: false)
        }
        if head.values("transfer-encoding").contains(where: { $0.lowercased().contains("chunked") }) {
            return .chunkSize
        }
        let texts = head.values("content-length")
        guard let text = texts.first else { return .bodyUntilEnd }
        guard let length = number(text, radix: 10), texts.allSatisfy({ $0 == text }) else {
            throw .malformed("a Content-Length that is no length")
        }
        guard length <= bodyLimit else { throw .tooLong }
        return length == 0 ? .end(isChunked: false) : .body(length)
    }

    // MARK: The body

    /// The whole answer; nil if it is not complete.
    mutating func response(isAtEnd: Bool) throws(TransportError) -> HTTPResponse? {
        guard let head = try head() else { return nil }
        while try advance() {}
        switch part {
        case .end: break
        case .bodyUntilEnd where isAtEnd: break
        default: return nil
        }
        return HTTPResponse(status: head.status, headers: head.headers, body: body)
    }

    /// Whether the connection can be used again after this answer, which was just read to its end: nothing may follow, and
    /// it must be clear where it ended.
    var leavesOpen: Bool {
        guard case .end(let isChunked) = part, let known, known.isPersistent else { return false }
        guard isChunked else { return buffer.isEmpty }
        // Without the empty line, what comes before it is one more header. Two words on the length are one too many.
        return buffer.content.elementsEqual("\r\n".utf8) && known.values("content-length").isEmpty
    }

    /// Reads on.
    ///
    /// - Returns: whether there may be more to read in what has come.
    private mutating func advance() throws(TransportError) -> Bool {
        switch part {
        case .head, .end: return false
        case .body(let left):
            let rest = try left - takeBody(left)
            part = rest == 0 ? .end(isChunked: false) : .body(rest)
            return false
        case .bodyUntilEnd:
            _ = try takeBody(.max)
            return false
        case .chunk(let left):
            let rest = try left - takeBody(left)
            part = rest == 0 ? .chunkEnd : .chunk(rest)
            return rest == 0
        case .chunkEnd:
            guard buffer.count >= 2 else { return false }
            guard buffer.content[0] == 0x0D, buffer.content[1] == 0x0A else {
                throw .malformed("a chunk of another size")
            }
            try drop(2)
            part = .chunkSize
            return true
        case .chunkSize: return try takeChunkSize()
        }
    }

    /// RFC 9112 §7.1.
    private mutating func takeChunkSize() throws(TransportError) -> Bool {
        guard let end = find("\r\n"), end <= ResponseReader.lineLimit else {
            guard buffer.count <= ResponseReader.lineLimit else { throw .malformed("a chunk without a size") }
            return false
        }
        let line = String(decoding: UnsafeRawBufferPointer(rebasing: buffer.content[..<(end - 2)]), as: UTF8.self)
        // Blanks may stand before what the sender adds.
        var digits = line.prefix { $0 != ";" }
        while digits.last == " " || digits.last == "\t" { digits.removeLast() }
        guard let size = ResponseReader.number(digits, radix: 16) else { throw .malformed("a chunk without a size") }
        guard size <= ResponseReader.bodyLimit else { throw .tooLong }
        try drop(end)
        part = size == 0 ? .end(isChunked: true) : .chunk(size)
        return size != 0
    }

    /// - Returns: how many bytes were there to be taken.
    private mutating func takeBody(_ limit: Int) throws(TransportError) -> Int {
        let count = min(limit, buffer.count)
        body.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer.content[..<count]))
        try drop(count)
        return count
    }

    private mutating func drop(_ count: Int) throws(TransportError) {
        buffer.removeFirst(count)
        taken += count
        guard taken <= ResponseReader.bodyLimit else { throw .tooLong }
    }

    // MARK: Text

    /// Where the first occurrence of a mark that ends with a line feed ends; nil if it has not come yet.
    private mutating func find(_ mark: String) -> Int? {
        let bytes = buffer.content
        while searched < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + searched, 0x0A, bytes.count - searched)
        {
            let end = base.distance(to: found) + 1
            searched = end
            if end >= mark.utf8.count, bytes[(end - mark.utf8.count)..<end].elementsEqual(mark.utf8) {
                searched = 0
                return end
            }
        }
        searched = bytes.count
        return nil
    }

    /// Without the blanks that may stand around a header's value (RFC 9110 §5.5).
    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// Digits only: what Swift reads as a number may have a sign, too.
    private static func number(_ text: some StringProtocol, radix: Int) -> Int? {
        guard (1...9).contains(text.utf8.count), text.first?.isHexDigit == true else { return nil }
        return Int(text, radix: radix)
    }
}
