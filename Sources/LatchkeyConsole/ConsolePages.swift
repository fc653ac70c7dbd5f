// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyModel
internal import LatchkeySystem
internal import NIOHTTP1

/// The console's pages, which a browser runs: files beside the program, read once, and the headers that keep them apart from all
/// else that a browser has open. What they ask for, they ask by the operations that all clients have.
package struct ConsolePages: Sendable {
    /// Where they are: `/console/`.
    package static let path = ConsoleSession.pagePath
    /// Bytes of a file, at the most.
    private static let fileLimit = 4 << 20
    /// What stands in the page for a value that is another one each time.
    private static let nonceMark = "NONCE"

    /// By their path below ``path``.
    private let files: [String: ConsoleFile]
    private let page: String
    private let origin: PublicOrigin

    /// - Throws: `fileUnusable` if the files cannot be read, or are not all there.
    package init(folder: String, origin: PublicOrigin) throws(LatchkeyError) {
        var files: [String: ConsoleFile] = [:]
        for name in try ConsolePages.names(in: folder) {
            guard let type = ConsoleFile.type(of: name),
                let content = try StateFile.read("\(folder)/\(name)", limit: ConsolePages.fileLimit)
            else { continue }
            let compressed = try StateFile.read("\(folder)/\(name).gz", limit: ConsolePages.fileLimit)
            files[name] = ConsoleFile(type: type, content: content, compressed: compressed)
        }
        guard let page = files.removeValue(forKey: "index.html"), files["xterm/xterm.js"] != nil else {
            throw LatchkeyError(
                .fileUnusable,
                "the console's files are not whole in '\(folder.terminalSafe)'",
                hint: "make build puts them together; --no-console serves without"
            )
        }
        self.files = files
        self.page = String(decoding: page.content, as: UTF8.self)
        self.origin = origin
    }

    private static func names(in folder: String) throws(LatchkeyError) -> [String] {
        do {
            return try FileManager.default.subpathsOfDirectory(atPath: folder)
        } catch {
            throw LatchkeyError(.fileUnusable, "the console's folder '\(folder.terminalSafe)' cannot be read")
        }
    }

    /// The answer to a request for one of them; nil for a path of others.
    package func response(to request: IncomingRequest) -> OutgoingResponse? {
        guard request.path == "/console" || request.path.hasPrefix(ConsolePages.path) else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            var response = OutgoingResponse.text(.methodNotAllowed, "the console's pages are only read")
            response.headers.add(name: "Allow", value: "GET, HEAD")
            return response
        }
        guard request.path != "/console" else {
            var response = OutgoingResponse.text(.permanentRedirect, "the console is at \(ConsolePages.path)")
            response.headers.add(name: "Location", value: ConsolePages.path)
            return response
        }
        let name = String(request.path.dropFirst(ConsolePages.path.count))
        if let file = files[name] { return secured(respond(with: file, to: request), request) }
        // Every other address of the console is a place within its one page.
        guard !name.contains(".") else { return .text(.notFound, "the console has no such file") }
        let nonce = Random.text(22, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let text = page.replacing(ConsolePages.nonceMark, with: nonce)
        var response = OutgoingResponse(.ok, type: "text/html; charset=utf-8", text.utf8)
        response.headers.add(name: "Cache-Control", value: "no-store")
        return secured(response, request, nonce: nonce)
    }

    private func respond(with file: ConsoleFile, to request: IncomingRequest) -> OutgoingResponse {
        let isKnown = request.headers[canonicalForm: "If-None-Match"]
            .contains { $0 == file.tag || $0 == "W/\(file.tag)" }
        let compressed = ConsolePages.takesCompressed(request) ? file.compressed : nil
        var response = OutgoingResponse(
            isKnown ? .notModified : .ok,
            type: file.type,
            isKnown ? [] : compressed ?? file.content
        )
        if compressed != nil, !isKnown { response.headers.add(name: "Content-Encoding", value: "gzip") }
        response.headers.add(name: "ETag", value: file.tag)
        response.headers.add(name: "Vary", value: "Accept-Encoding")
        // It is asked each time whether there is another one: after an upgrade old and new would not fit together.
        response.headers.add(name: "Cache-Control", value: "no-cache")
        return response
    }

    private static func takesCompressed(_ request: IncomingRequest) -> Bool {
        request.headers[canonicalForm: "Accept-Encoding"].contains { $0 == "gzip" || $0 == "*" }
    }

    /// Adds what keeps the page to itself: it runs and shows nothing that does not come from here, and no other page shows it or
    /// reaches into it.
    private func secured(
        _ response: OutgoingResponse,
        _ request: IncomingRequest,
        nonce: String? = nil
    ) -> OutgoingResponse {
        var response = response
        let own = origin.httpOrigin(for: request)
        // Not every browser takes 'self' for the WebSockets of the same server.
        let sockets = own.map { " ws\($0.dropFirst("http".count))" } ?? ""
        let styles = nonce.map { " 'nonce-\($0)'" } ?? ""
        let policy = [
            "default-src 'none'", "script-src 'self'", "style-src 'self'\(styles)",
            // xterm.js sets attributes where WebGL is not there.
            "style-src-attr 'unsafe-inline'", "connect-src 'self'\(sockets)", "img-src 'self' data:",
            "font-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'", "trusted-types xml",
        ]
        for (name, value) in [
            ("Content-Security-Policy", policy.joined(separator: "; ")),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ] {
            response.headers.add(name: name, value: value)
        }
        if own?.hasPrefix("https:") == true {
            response.headers.add(name: "Strict-Transport-Security", value: "max-age=31536000")
        }
        return response
    }
}
