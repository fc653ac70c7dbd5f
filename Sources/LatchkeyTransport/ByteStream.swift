// SPDX-License-Identifier: Apache-2.0

internal import CLibSSL
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// A TCP connection, with TLS around it where the address asks for it. Nothing here waits except ``init(to:trust:timeout:)``.
package struct ByteStream: ~Copyable {
    package let descriptor: Int32
    private let secure: OpaquePointer?
    /// TLS may have to read before it can write, and the other way round.
    package private(set) var wantsToWrite = false

    /// Connects to a socket of this machine's file system (unix(7)), in the clear.
    ///
    /// - Throws: `lost` if nothing listens there, or it may not be used.
    package init(unixSocket path: String) throws(TransportError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .addressInvalid(path.terminalSafe)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Dialer.Socket(owning: Glibc.socket(AF_UNIX, kind, 0))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(socket.descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .lost(SystemError.last.message) }
        _ = fcntl(socket.descriptor, F_SETFL, fcntl(socket.descriptor, F_GETFL) | O_NONBLOCK)
        secure = nil
        descriptor = socket.release()
    }

    /// Connects, through the proxy that the environment names if it does, and for TLS makes sure that the server is the one
    /// that is named (RFC 9110 §4.3.4).
    ///
    /// - Parameter timeout: milliseconds for all of it.
    /// - Throws: `dial`, `proxyFailed`, `untrusted`, `secure`, `lost`, `timedOut`.
    package init(to address: ServerAddress, trust: Trust, timeout: Int) throws(TransportError) {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        let socket = try ByteStream.dial(address, timeout: timeout)
        guard address.isSecure else {
            secure = nil
            descriptor = socket.release()
            return
        }
        let ssl = try TLSClientContext.shared(trust).makeConnection(socket.descriptor, address.host)
        while true {
            ERR_clear_error()
            let result = SSL_connect(ssl)
            if result == 1 { break }
            let events: PollSet.Events
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: events = .readable
            case SSL_ERROR_WANT_WRITE: events = .writable
            default:
                let failure = ByteStream.handshakeFailure(ssl)
                SSL_free(ssl)
                throw failure
            }
            guard !Descriptor.wait(socket.descriptor, for: events, until: deadline).isEmpty else {
                SSL_free(ssl)
                throw .timedOut
            }
        }
        secure = ssl
        descriptor = socket.release()
    }

    deinit {
        if let secure {
            // Says goodbye if that needs no waiting.
            _ = SSL_shutdown(secure)
            _ = lk_bio_flush(SSL_get_wbio(secure))
            SSL_free(secure)
        }
        close(descriptor)
    }

    private static func dial(_ address: ServerAddress, timeout: Int) throws(TransportError) -> Dialer.Socket {
        if let proxy = try ProxySettings.environment.proxy(for: address) {
            return try proxy.dial(address, timeout: timeout)
        }
        let socket: Dialer.Socket
        do {
            socket = try Dialer.dial(hosts: [address.host], port: address.port, timeout: timeout).takeSocket()
        } catch {
            throw error == .timedOut ? .timedOut : .dial(error)
        }
        _ = fcntl(socket.descriptor, F_SETFL, fcntl(socket.descriptor, F_GETFL) | O_NONBLOCK)
        return socket
    }

    private static func handshakeFailure(_ ssl: OpaquePointer) -> TransportError {
        let verdict = SSL_get_verify_result(ssl)
        guard verdict == X509_V_OK else { return .untrusted(String(cString: X509_verify_cert_error_string(verdict))) }
        let message = TLSClientContext.lastWords()
        return message.isEmpty ? .lost("the server closed the connection") : .secure(message)
    }

    /// Takes what has arrived.
    ///
    /// - Returns: how many bytes; 0 if there are none now; nil at the end.
    /// - Throws: `lost`, `secure`.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int? {
        guard let secure else {
            let count = Glibc.recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return count }
            if count == 0 { return nil }
            guard errno == EAGAIN || errno == EINTR else { throw .lost(SystemError.last.message) }
            return 0
        }
        ERR_clear_error()
        let count = SSL_read(secure, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return Int(count) }
        return try outcome(of: count, secure) ? 0 : nil
    }

    /// What it means that OpenSSL has read or written nothing.
    ///
    /// - Returns: whether it is worth another try when the socket is ready; false at the end.
    /// - Throws: `lost`, `secure`.
    private mutating func outcome(of result: Int32, _ secure: OpaquePointer) throws(TransportError) -> Bool {
        switch SSL_get_error(secure, result) {
        case SSL_ERROR_WANT_READ: return true
        case SSL_ERROR_WANT_WRITE:
            wantsToWrite = true
            return true
        case SSL_ERROR_ZERO_RETURN: return false
        case SSL_ERROR_SYSCALL:
            throw .lost(errno == 0 ? "the server closed the connection" : SystemError.last.message)
        default:
            let message = TLSClientContext.lastWords()
            throw message.contains("unexpected eof") ? .lost("the server closed the connection") : .secure(message)
        }
    }

    /// Takes bytes to send. What was not taken must come first the next time; what was taken may wait for ``flush()``.
    ///
    /// - Returns: how many bytes were taken.
    /// - Throws: `lost`, `secure`.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(TransportError) -> Int {
        wantsToWrite = false
        guard !bytes.isEmpty else { return 0 }
        guard let secure else {
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            if count >= 0 {
                wantsToWrite = count < bytes.count
                return count
            }
            guard errno == EAGAIN || errno == EINTR else { throw .lost(SystemError.last.message) }
            wantsToWrite = true
            return 0
        }
        ERR_clear_error()
        let count = SSL_write(secure, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return Int(count) }
        guard try outcome(of: count, secure) else { throw .lost("the server closed the connection") }
        return 0
    }

    /// Sends what was taken and still waits here, as far as that goes.
    ///
    /// - Returns: whether nothing waits any more.
    /// - Throws: `lost`.
    package mutating func flush() throws(TransportError) -> Bool {
        guard let secure, let buffer = SSL_get_wbio(secure), lk_bio_waiting(buffer) > 0 else { return true }
        wantsToWrite = lk_bio_flush(buffer) != 1
        guard !wantsToWrite || BIO_test_flags(buffer, BIO_FLAGS_SHOULD_RETRY) != 0 else {
            throw .lost(SystemError.last.message)
        }
        return !wantsToWrite
    }

    /// Waits until something can be read, or written if `forWriting`.
    ///
    /// - Parameter deadline: milliseconds on ``SystemClock``.
    /// - Throws: `timedOut`.
    package func wait(forWriting: Bool, until deadline: Int64) throws(TransportError) {
        let events = Descriptor.wait(descriptor, for: forWriting ? .writable : .readable, until: deadline)
        guard !events.isEmpty else { throw .timedOut }
    }

}
