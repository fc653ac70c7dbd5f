// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A proxy that passes connections on, all of them to one port of this machine, whatever server is asked for.
package enum ConnectProxy {
    /// What it demands as its login, what it answers, and where it leads to.
    private static let script = Script.text("connect_proxy")

    /// Runs `body` with one, and ends it whatever happens.
    ///
    /// - Parameters:
    ///   - login: `USER:PASSWORD` that it demands; empty for none.
    ///   - answer: what it answers instead of passing anything on.
    ///   - body: gets its port, and a file with the first lines of all that it was asked.
    package static func with(
        login: String = "",
        answer: String = "pass",
        to target: Int = 9,
        _ body: (Int, String) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            let port = try TestRelay.freePort()
            let log = "\(scratch.path)/proxy.log"
            let daemon = try BackgroundProcess(
                ["sh", "-c", "exec python3 -c \"$0\" \"$@\" >'\(log)'", script, "\(port)", login, answer, "\(target)"]
            )
            defer { daemon.stop() }
            try TestRelay.wait(for: "a proxy") {
                try Execution.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0
            }
            try body(port, log)
        }
    }
}
