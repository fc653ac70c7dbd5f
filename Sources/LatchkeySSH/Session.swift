// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal
internal import LatchkeyTransport

/// libssh's session. Not thread-safe: it stays on the thread that made it. Its three states are types:
/// ``UnauthenticatedSession`` (the host key is known, no user is logged in), ``Connection`` (logged in), ``RemoteChannel``.
@safe final class Session {
    let pointer: ssh_session
    /// libssh's end of what it takes for an ssh-agent; libssh closes the last one only.
    private var agentEnd: Int32 = -1
    /// What drives all of the session's channels: made with the first one, and kept to the end. libssh moves the session's
    /// socket into an event, and out of it again when either is taken away from the other, so a second event would have none.
    private var event: ssh_event?

    private init(owning pointer: ssh_session) { unsafe self.pointer = unsafe pointer }

    static func make() throws(SSHError) -> Session {
        guard let pointer = unsafe ssh_new() else { throw .system("out of memory") }
        return unsafe Session(owning: pointer)
    }

    deinit {
        if let event = unsafe event {
            unsafe ssh_event_remove_session(event, pointer)
            unsafe ssh_event_free(event)
        }
        // Says goodbye only if that needs no waiting; then closes the socket.
        unsafe ssh_silent_disconnect(pointer)
        unsafe ssh_free(pointer)
    }

    /// libssh's last words, safe for a terminal; they may quote the server.
    var lastWords: String {
        let text = unsafe String(cString: ssh_get_error(UnsafeMutableRawPointer(pointer)))
        return text.terminalSafe
    }

    /// What the server said before the login, line by line and safe for a terminal.
    var banner: [String] {
        guard let text = unsafe ssh_get_issue_banner(pointer) else { return [] }
        defer { unsafe ssh_string_free_char(text) }
        let lines = unsafe String(cString: text).split(omittingEmptySubsequences: false) { $0.isNewline }
        return lines.prefix(100).map { String($0).terminalSafe }
    }

    /// Seconds that the server has for each step.
    var stepLimit = 30

    /// Repeats one of libssh's steps until the server has answered it, gone away, or let the time pass.
    ///
    /// The waiting is done here, not in libssh, for two reasons. When the server says goodbye, libssh goes on waiting for
    /// its full time. And sshd leaves Nagle's algorithm on until a terminal is asked for, so that its second small packet
    /// waits until the first is acknowledged, which the kernel holds back for 40 ms unless it is told otherwise.
    /// - Returns: the step's last answer; `again` if the time passed.
    func retryUntilReady(again: Int32, _ step: () -> Int32) -> Int32 {
        let deadline = SystemClock.milliseconds() + Int64(stepLimit) * 1000
        unsafe ssh_set_blocking(pointer, 0)
        while true {
            let status = step()
            guard status == again, unsafe ssh_is_connected(pointer) == 1 else { return status }
            let wantsToWrite = unsafe ssh_get_poll_flags(pointer) & SSH_WRITE_PENDING != 0
            let descriptor = unsafe ssh_get_fd(pointer)
            let events = Descriptor.wait(
                descriptor,
                for: wantsToWrite ? [.readable, .writable] : .readable,
                until: deadline
            )
            if events.isEmpty { return again }
            if events.contains(.readable) { Dialer.acknowledgeAtOnce(descriptor) }
        }
    }

    /// Lets ``advance()`` drive the session from now on.
    func beginEvents() throws(SSHError) {
        guard unsafe event == nil else { return }
        guard let new = unsafe ssh_event_new() else { throw .system("out of memory") }
        guard unsafe ssh_event_add_session(new, pointer) == SSH_OK else {
            unsafe ssh_event_free(new)
            throw .system(lastWords)
        }
        unsafe event = unsafe new
    }

    /// Sends and receives what can be sent and received now, for all channels.
    func advance() {
        guard let event = unsafe event else { return }
        // libssh reads a few KiB a call; go on while there is more.
        for _ in 0..<64 {
            guard unsafe ssh_event_dopoll(event, 0) == SSH_OK, hasMoreToReceive else { return }
        }
    }

    private var hasMoreToReceive: Bool {
        unsafe Descriptor.isReady(ssh_get_fd(pointer), for: .readable)
    }

    /// Lets libssh ask this agent from now on.
    func attach(_ agent: InProcessSSHAgent) throws(SSHError) {
        let end = agent.takeClientEnd()
        guard unsafe ssh_set_agent_socket(pointer, end) == SSH_OK else {
            close(end)
            throw .system(lastWords)
        }
        if agentEnd >= 0 { close(agentEnd) }
        agentEnd = end
    }

    func set(_ option: ssh_options_e, _ value: String) throws(SSHError) {
        guard unsafe ssh_options_set(pointer, option, value) == 0 else { throw .system(lastWords) }
    }

    func set<Value: BitwiseCopyable>(_ option: ssh_options_e, number value: Value) throws(SSHError) {
        var value = value
        guard unsafe withUnsafePointer(to: &value, { unsafe ssh_options_set(pointer, option, $0) }) == 0 else {
            throw .system(lastWords)
        }
    }
}
