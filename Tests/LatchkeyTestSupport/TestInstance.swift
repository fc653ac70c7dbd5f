// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What instances are made of in this run of the tests.
package enum Engine: String, Sendable {
    /// Real containers of the image in `Docker/instance`.
    case docker
    /// A private sshd on loopback, where a machine can have no engine.
    case sshd

    /// `LATCHKEY_TEST_ENGINE` if it is set, else whether an engine answers that has the image.
    package static let current: Engine = {
        if let named = ProcessInfo.processInfo.environment["LATCHKEY_TEST_ENGINE"].flatMap(Engine.init) { return named }
        let inspected = try? Execution.run(["docker", "image", "inspect", TestInstance.image], timeout: 60)
        return inspected?.status == 0 ? .docker : .sshd
    }()
}

/// A machine to enter: a container, or a private sshd.
package final class TestInstance: @unchecked Sendable {
    package static let image = "latchkey/instance:bookworm"

    package let port: Int
    package let user: String
    /// The public host keys, as they stand in files.
    package private(set) var hostKeys: [String] = []
    private let machine: any Machine

    private init(_ machine: any Machine) throws {
        self.machine = machine
        port = machine.port
        user = machine.user
        try TestInstance.awaitBanner(port)
        hostKeys = try machine.hostKeys()
    }

    /// Runs `body` with a fresh instance that lets these public keys in, and removes it whatever happens. If this process
    /// is killed, it ends by itself after an hour.
    ///
    /// - Parameters:
    ///   - options: sshd's, for example `MaxAuthTries=1`; without blanks in containers.
    ///   - engine: what it is made of.
    package static func with<Value>(
        authorizing keys: [String],
        options: [String] = [],
        on engine: Engine = .current,
        _ body: (TestInstance) throws -> Value
    ) throws -> Value {
        let machine: any Machine =
            switch engine {
            case .docker: try Container(keys, options)
            case .sshd: try PrivateDaemon(keys, options)
            }
        defer { machine.remove() }
        return try body(TestInstance(machine))
    }

    /// What sshd has logged so far.
    package func log() throws -> String { try machine.log() }

    /// Gives sshd another host key, as a rebuilt machine or an impostor would have.
    package func changeHostKey() throws {
        try machine.changeHostKey()
        try TestInstance.awaitBanner(port)
        hostKeys = try machine.hostKeys()
    }

    /// Runs a shell script there, in the login user's home and with that user's rights.
    @discardableResult
    package func shell(_ script: String) throws -> Execution { try machine.shell(script) }

    /// Makes more login users that the same keys open, where a machine can have several.
    ///
    /// - Returns: their names; only the login user's own where there can be no others.
    package func makeUsers(_ count: Int) throws -> [String] { try machine.makeUsers(count) }

    /// Runs a shell script there with all rights that the machine can give.
    @discardableResult
    package func privilegedShell(_ script: String) throws -> Execution { try machine.privilegedShell(script) }

    /// Kills, with SIGKILL, the shells that run there now.
    package func killShells() throws { try machine.killShells() }

    /// Makes the instance stop answering, or answer again.
    package func freeze(_ isFrozen: Bool) throws { try machine.freeze(isFrozen) }

    /// Adds this instance to a user's store, its host keys pinned.
    ///
    /// - Parameter key: the launch key's name.
    @discardableResult
    package func add(_ name: String, to scratch: Scratch, key: String? = nil, pinned: Bool = true) throws -> String {
        var arguments = [Scratch.program, "instance", "add", name, "--address", "127.0.0.1:\(port)", "--user", user]
        if let key { arguments += ["--key", key] }
        if pinned { arguments += hostKeys.flatMap { ["--host-key", $0] } }
        return try Execution.require(arguments, environment: scratch.environment).line
    }

    /// Waits until sshd introduces itself: an engine's port answers before the sshd behind it does.
    private static func awaitBanner(_ port: Int) throws {
        let deadline = Date().addingTimeInterval(Double(Execution.timeout))
        repeat {
            let script = "exec 3<>/dev/tcp/127.0.0.1/\(port) && IFS= read -r -t 30 line <&3 && [[ $line == SSH-2.0-* ]]"
            if try Execution.run(["bash", "-c", script], timeout: 40).status == 0 { return }
            usleep(50_000)
        } while Date() < deadline
        throw HarnessError("no sshd answers at port \(port)")
    }
}

/// What a ``TestInstance`` runs on.
private protocol Machine: AnyObject {
    var port: Int { get }
    var user: String { get }
    func hostKeys() throws -> [String]
    func log() throws -> String
    func changeHostKey() throws
    func freeze(_ isFrozen: Bool) throws
    func shell(_ script: String) throws -> Execution
    func privilegedShell(_ script: String) throws -> Execution
    func killShells() throws
    func makeUsers(_ count: Int) throws -> [String]
    func remove()
}

private final class Container: Machine {
    private let id: String
    let port: Int
    let user = "admin"

    init(_ keys: [String], _ options: [String]) throws {
        let words = options.map { "-o \($0)" }.joined(separator: " ")
        id =
            try Execution.require([
                "docker", "run", "--detach", "--init", "--publish", "127.0.0.1::22", "--label", "latchkey-test",
                "--env", "LATCHKEY_PUBLIC_KEY=\(keys.joined(separator: "\n"))", "--env",
                "LATCHKEY_SSHD_OPTIONS=\(words)",
                "--env", "LATCHKEY_LIFETIME_SECONDS=3600", TestInstance.image,
            ])
            .line
        let published = try Execution.require(["docker", "port", id, "22"]).line
        guard let port = published.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw HarnessError("the engine published no port: \(published)")
        }
        self.port = port
    }

    func remove() { _ = try? Execution.run(["docker", "rm", "--force", "--volumes", id]) }

    func privilegedShell(_ script: String) throws -> Execution { try inside(script) }

    func killShells() throws { try inside("pkill -9 -x sh; true") }

    func makeUsers(_ count: Int) throws -> [String] {
        let names = (1...count).map { "user\($0)" }
        try inside(
            """
            for user in \(names.joined(separator: " ")); do
                useradd --create-home --shell /bin/bash --password '*' $user
                cp -a /home/\(user)/.ssh /home/$user/ && chown -R $user: /home/$user/.ssh
            done
            """
        )
        return names
    }

    func hostKeys() throws -> [String] {
        try inside("cat /etc/ssh/ssh_host_*_key.pub").text.split(separator: "\n").map(String.init)
    }

    func log() throws -> String {
        let execution = try Execution.require(["docker", "logs", id])
        return execution.text + execution.error
    }

    func changeHostKey() throws {
        // SIGHUP makes sshd read its configuration and keys anew.
        try inside("rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; kill -HUP $(pgrep -o -x sshd)")
    }

    func freeze(_ isFrozen: Bool) throws { try Execution.require(["docker", isFrozen ? "pause" : "unpause", id]) }

    func shell(_ script: String) throws -> Execution {
        try Execution.require(["docker", "exec", "--user", user, "--workdir", "/home/\(user)", id, "sh", "-c", script])
    }

    @discardableResult
    private func inside(_ script: String) throws -> Execution {
        try Execution.require(["docker", "exec", id, "sh", "-c", script])
    }
}

private final class PrivateDaemon: Machine {
    private let folder: String
    private let home: String
    private let daemon: BackgroundProcess
    let port: Int
    let user = NSUserName()

    init(_ keys: [String], _ options: [String]) throws {
        folder = try Scratch.makeFolder("sshd")
        port = try Ports.take()
        try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host_key"])
        home = "\(folder)/home"
        try FileManager.default.createDirectory(
            atPath: "\(home)/.ssh",
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let authorized = URL(fileURLWithPath: "\(home)/.ssh/authorized_keys")
        try Data((keys.joined(separator: "\n") + "\n").utf8).write(to: authorized)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: authorized.path)
        let settings = [
            "ListenAddress=127.0.0.1", "Port=\(port)", "HostKey=\(folder)/host_key", "PidFile=none", "UsePAM=no",
            "AuthorizedKeysFile=\(home)/.ssh/authorized_keys \(home)/.ssh/authorized_keys2",
            "SetEnv=HOME=\(home)", "StrictModes=no",
            "PasswordAuthentication=no",
            "KbdInteractiveAuthentication=no", "LogLevel=VERBOSE", "AcceptEnv=LANG LC_*", "MaxStartups=200",
            "PrintMotd=no", "PrintLastLog=no",
        ]
        // The first value of a setting counts.
        let words = (options + settings).flatMap { ["-o", $0] }
        try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        try Execution.require(["/usr/sbin/sshd", "-t", "-f", "/dev/null"] + words)
        daemon = try BackgroundProcess(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null"] + words, log: "\(folder)/log")
    }

    func shell(_ script: String) throws -> Execution {
        try Execution.require(["sh", "-c", "cd '\(home)' && \(script)"], environment: ["HOME": home])
    }

    func privilegedShell(_ script: String) throws -> Execution { try shell(script) }

    func killShells() throws {
        // Only this daemon's own.
        for process in try daemon.processes() {
            let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
            if name == "sh\n" { kill(process, SIGKILL) }
        }
    }

    func makeUsers(_ count: Int) throws -> [String] { [user] }

    func remove() {
        daemon.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func hostKeys() throws -> [String] {
        [
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/host_key.pub")), as: UTF8.self)
                .trimmingCharacters(in: .newlines)
        ]
    }

    func log() throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/log")), as: UTF8.self)
    }

    func changeHostKey() throws {
        try FileManager.default.removeItem(atPath: "\(folder)/host_key")
        try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host_key"])
        if let sshd = try daemon.processes().first { kill(sshd, SIGHUP) }
    }

    func freeze(_ isFrozen: Bool) throws {
        // sshd, a process of its own for each connection, and one for each session.
        for child in try daemon.processes() { kill(child, isFrozen ? SIGSTOP : SIGCONT) }
    }
}
