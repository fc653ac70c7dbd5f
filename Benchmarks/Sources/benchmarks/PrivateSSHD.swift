// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// An sshd of our own, for the user who runs the benchmark.
struct PrivateSSHD {
    let port: Int
    let user: String
    /// The file with its host key's public half.
    let hostKeys: String

    /// Starts it, and ends it however `body` ends. Without an sshd on this machine, says so.
    ///
    /// - Parameter publicKey: its private half opens it.
    static func with(
        _ workshop: Workshop,
        _ publicKey: String,
        _ report: Report,
        _ body: (PrivateSSHD) throws -> Void
    ) throws {
        guard let user = getpwuid(geteuid()).map({ String(cString: $0.pointee.pw_name) }) else { return }
        let name = "sshd-\(try Loopback.freePort())"
        let folder = try workshop.makeFolder(name)
        let home = try workshop.makeFolder("\(name)/home")
        let port = try Loopback.freePort()
        try workshop.run(Command("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host_key"]))
        _ = try workshop.write(publicKey, to: "\(name)/authorized_keys")
        // An empty home, since the user's own may hold start-up scripts that take longer than all the rest.
        let configuration = try workshop.write(
            """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(folder)/host_key
            AuthorizedKeysFile \(folder)/authorized_keys
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            UseDNS no
            PrintMotd no
            PrintLastLog no
            SetEnv HOME=\(home)

            """,
            to: "\(name)/config"
        )
        // As root it wants its own folder; it ends by itself if nothing is left to end it.
        let madeFolder = geteuid() == 0 && mkdir("/run/sshd", 0o755) == 0
        defer { if madeFolder { rmdir("/run/sshd") } }
        guard let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].first(where: FileManager.default.isExecutableFile) else {
            return report.note("no sshd is installed, so none is entered")
        }
        let process = try Command("timeout", ["900", sshd, "-D", "-e", "-f", configuration])
            .start(output: "/dev/null", errors: "\(folder)/log")
        defer {
            kill(process, SIGTERM)
            Command.wait(for: process)
        }
        try Loopback.awaitBanner(port: port)
        try body(PrivateSSHD(port: port, user: user, hostKeys: "\(folder)/host_key.pub"))
    }
}
