// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import Glibc
internal import LatchkeyModel
package import LatchkeyTerminal

/// A shell or command on an instance (RFC 4254 §6), driven without waiting.
@safe package struct RemoteChannel: ~Copyable {
    private let session: Session
    private let channel: ssh_channel
    private let callbacks: UnsafeMutablePointer<ssh_channel_callbacks_struct>
    private let report = Report()
    /// Whether a terminal was asked for and refused; what runs there has none then.
    package private(set) var lacksTerminal = false

    /// What libssh's callbacks noted.
    private final class Report {
        var ending: RemoteEnding?
    }

    /// The most that one write hands to libssh, which sends it in one go once the socket has room.
    private static let writeLimit = 32 * 1024

    init(in session: Session) throws(SSHError) {
        guard let channel = unsafe ssh_channel_new(session.pointer) else { throw .system("out of memory") }
        self.session = session
        unsafe self.channel = unsafe channel
        unsafe callbacks = .allocate(capacity: 1)
        unsafe callbacks.initialize(to: unsafe ssh_channel_callbacks_struct())
        unsafe callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        unsafe callbacks.pointee.userdata = Unmanaged.passUnretained(report).toOpaque()
        unsafe callbacks.pointee.channel_exit_status_function = { _, _, status, report in
            guard let report = unsafe report else { return }
            unsafe Unmanaged<Report>.fromOpaque(report).takeUnretainedValue().ending = .exited(status: status)
        }
        unsafe callbacks.pointee.channel_exit_signal_function = { _, _, name, _, _, _, report in
            guard let report = unsafe report, let name = unsafe name else { return }
            // "signal name (without the "SIG" prefix)", RFC 4254 §6.10; private ones are NAME@DOMAIN.
            let text = unsafe String(cString: name).terminalSafe
            unsafe Unmanaged<Report>.fromOpaque(report).takeUnretainedValue().ending = .signalled(text)
        }
        unsafe ssh_set_channel_callbacks(channel, callbacks)
    }

    deinit {
        unsafe ssh_remove_channel_callbacks(channel, callbacks)
        unsafe ssh_channel_free(channel)
        unsafe callbacks.deinitialize(count: 1)
        unsafe callbacks.deallocate()
    }

    mutating func start(_ request: Connection.Request) throws(SSHError) {
        try require("a session") { unsafe ssh_channel_open_session(channel) }
        if let terminal = request.terminal {
            let (columns, rows) = (Int32(clamping: terminal.size.columns), Int32(clamping: terminal.size.rows))
            do throws(SSHError) {
                try require("a terminal") { unsafe ssh_channel_request_pty_size(channel, terminal.type, columns, rows) }
            } catch {
                // As with ssh: sshd's PermitTTY, or a key's no-pty, forbids the terminal and not the shell.
                guard case .requestRefused = error else { throw error }
                lacksTerminal = true
            }
        }
        for variable in request.environment {
            // A server that does not take the variable says so; that is no failure of ours.
            _ = session.retryUntilReady(again: SSH_AGAIN) {
                unsafe ssh_channel_request_env(channel, variable.name, variable.value)
            }
        }
        if let command = request.command {
            try require("the command") { unsafe ssh_channel_request_exec(channel, command) }
        } else {
            try require("a shell") { unsafe ssh_channel_request_shell(channel) }
        }
        try session.beginEvents()
    }

    /// - Throws: `requestRefused` naming `what`, `timedOut`, `disconnected`.
    private func require(_ what: String, _ step: () -> Int32) throws(SSHError) {
        let status = session.retryUntilReady(again: SSH_AGAIN, step)
        guard status != SSH_OK else { return }
        guard unsafe ssh_is_connected(session.pointer) == 1 else { throw .disconnected(session.lastWords) }
        throw status == SSH_AGAIN ? .timedOut : .requestRefused(what)
    }
}

extension RemoteChannel: RemoteProcess {
    package var descriptor: Int32 { unsafe ssh_get_fd(session.pointer) }

    package var wantsToWrite: Bool { unsafe ssh_get_poll_flags(session.pointer) & SSH_WRITE_PENDING != 0 }

    package mutating func advance() throws(SSHError) {
        session.advance()
        guard unsafe ssh_is_connected(session.pointer) == 1 || isClosed else { throw .disconnected(session.lastWords) }
    }

    private var isClosed: Bool { unsafe ssh_channel_is_closed(channel) != 0 }

    package mutating func read(
        _ stream: RemoteStream,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SSHError) -> Int? {
        let isError: Int32 = stream == .error ? 1 : 0
        let count = unsafe ssh_channel_read_nonblocking(channel, buffer.baseAddress, UInt32(buffer.count), isError)
        if count > 0 { return Int(count) }
        let isAtEnd = unsafe ssh_channel_is_eof(channel) != 0
        if count == SSH_EOF || isClosed || isAtEnd { return nil }
        if count == SSH_ERROR { throw .disconnected(session.lastWords) }
        return 0
    }

    package var inputRoom: Int {
        guard !wantsToWrite, !isClosed else { return 0 }
        return min(Int(unsafe ssh_channel_window_size(channel)), RemoteChannel.writeLimit)
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SSHError) -> Int {
        let count = unsafe ssh_channel_write(channel, bytes.baseAddress, UInt32(bytes.count))
        guard count >= 0 else {
            // The command has closed its input; that is its right, and it may still print.
            if unsafe ssh_is_connected(session.pointer) == 1 { return bytes.count }
            throw .disconnected(session.lastWords)
        }
        return Int(count)
    }

    package mutating func endInput() throws(SSHError) { _ = unsafe ssh_channel_send_eof(channel) }

    package mutating func resize(to size: TerminalSize) throws(SSHError) {
        _ = unsafe ssh_channel_change_pty_size(channel, Int32(clamping: size.columns), Int32(clamping: size.rows))
    }

    package mutating func send(signal name: String) throws(SSHError) {
        _ = unsafe ssh_channel_request_send_signal(channel, name)
    }

    package mutating func probe() throws(SSHError) {
        // libssh holds on to the answer to the last request, and the next call only takes it away. Twice sends once, in
        // either case.
        _ = unsafe ssh_send_keepalive(session.pointer)
        _ = unsafe ssh_send_keepalive(session.pointer)
    }

    package var ending: RemoteEnding? { isClosed ? report.ending ?? .unknown : nil }
}
