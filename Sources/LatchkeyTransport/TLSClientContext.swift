// SPDX-License-Identifier: Apache-2.0

internal import CLibSSL
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// What TLS connections with the same authorities share. Reading the system's authorities takes 20 ms, so it is made once for
/// each ``Trust``, and anew only when the file of authorities is another one: an agent runs for months.
///
/// It does not change after it is made, and OpenSSL locks what its connections change in it: hence `@unchecked`.
final class TLSClientContext: @unchecked Sendable {
    private let context: OpaquePointer
    private let signature: Signature

    /// What tells a file, or a folder's list of files, from another one at the same place.
    private struct Signature: Equatable {
        private let parts: [[Int]]

        init(_ paths: [String]) {
            parts = paths.map { path in
                var status = stat()
                guard stat(path, &status) == 0 else { return [] }
                return [
                    Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
                ]
            }
        }
    }

    private static let known = Mutex<[Trust: TLSClientContext]>([:])

    /// The one for these authorities.
    ///
    /// - Throws: `untrusted` if their file cannot be read, `secure`.
    static func shared(_ trust: Trust) throws(TransportError) -> TLSClientContext {
        // Before it is read: if it changes meanwhile, the next one sees that.
        let signature = Signature(trust.authorities.map { [$0] } ?? systemPaths)
        let result = known.withLock { known in
            if let found = known[trust], found.signature == signature {
                return Result<TLSClientContext, TransportError>.success(found)
            }
            let made = Result { () throws(TransportError) in try TLSClientContext(trust, signature) }
            known[trust] = try? made.get()
            return made
        }
        return try result.get()
    }

    /// Where OpenSSL looks for the system's authorities.
    private static var systemPaths: [String] {
        let file = Environment.value(String(cString: X509_get_default_cert_file_env()))
        let folder = Environment.value(String(cString: X509_get_default_cert_dir_env()))
        return [
            file ?? String(cString: X509_get_default_cert_file()),
            folder ?? String(cString: X509_get_default_cert_dir()),
        ]
    }

    private init(_ trust: Trust, _ signature: Signature) throws(TransportError) {
        _ = TLSClientContext.ignoringBrokenPipes
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .secure(TLSClientContext.lastWords()) }
        self.context = context
        self.signature = signature
        _ = lk_ssl_ctx_set_min_version(context, TLS1_2_VERSION)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // One read takes in several records, which are 16 KiB at most.
        lk_ssl_ctx_set_read_ahead(context)
        SSL_CTX_set_default_read_buffer_len(context, 128 * 1024)
        guard let file = trust.authorities else {
            SSL_CTX_set_default_verify_paths(context)
            return
        }
        guard SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
            throw .untrusted("the file of authorities '\(file.terminalSafe)' cannot be read")
        }
    }

    deinit { SSL_CTX_free(context) }

    /// A connection to be, which is its caller's to free.
    ///
    /// - Parameter host: whose certificate is demanded.
    /// - Throws: `secure` if there is no memory.
    func makeConnection(_ descriptor: Int32, _ host: String) throws(TransportError) -> OpaquePointer {
        guard let ssl = SSL_new(context) else { throw .secure(TLSClientContext.lastWords()) }
        let parameters = SSL_get0_param(ssl)
        // An address is looked for among the certificate's addresses, a name among its names.
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            X509_VERIFY_PARAM_set1_host(parameters, host, 0)
            _ = lk_ssl_set_host_name(ssl, host)
        }
        _ = lk_ssl_set_mode(ssl, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        guard TLSClientContext.attach(ssl, to: descriptor) else {
            SSL_free(ssl)
            throw .secure(TLSClientContext.lastWords())
        }
        return ssl
    }

    /// So many bytes go out at a time: a message of the greatest size, in all its records.
    private static let writeBufferSize = 72 * 1024

    /// Reads from the socket, and writes to it through a buffer: OpenSSL by itself has the system called for each record.
    ///
    /// - Returns: false if there is no memory.
    private static func attach(_ ssl: OpaquePointer, to descriptor: Int32) -> Bool {
        guard let socket = BIO_new_socket(descriptor, BIO_NOCLOSE) else { return false }
        guard let buffer = BIO_new(BIO_f_buffer()), lk_bio_set_write_buffer_size(buffer, writeBufferSize) == 1 else {
            BIO_free(socket)
            return false
        }
        // The socket has two owners now: what is read from, and the buffer.
        BIO_up_ref(socket)
        BIO_push(buffer, socket)
        SSL_set0_rbio(ssl, socket)
        SSL_set0_wbio(ssl, buffer)
        return true
    }

    /// OpenSSL writes to its socket as to any file, so that a peer that went away would end this process by SIGPIPE.
    private static let ignoringBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// What OpenSSL says went wrong; empty if it says nothing.
    static func lastWords() -> String {
        let code = ERR_get_error()
        guard code != 0 else { return "" }
        return ERR_reason_error_string(code).map { String(cString: $0).terminalSafe } ?? "error \(code)"
    }
}
