// SPDX-License-Identifier: Apache-2.0

import Foundation

extension TestRelay {
    /// Runs `body` with a latchkeyd that launches instances as containers, and removes what it has launched.
    package static func launching<Value>(_ body: (Scratch, TestRelay) throws -> Value) throws -> Value {
        try Scratch.with { scratch in
            defer {
                let label = "label=latchkey.home=\(scratch.latchkeyHome)/latchkey.db"
                _ = try? Execution.run([
                    "sh", "-c", "docker ps --all --quiet --filter '\(label)' | xargs -r docker rm --force --volumes",
                ])
            }
            let port = try freePortPair()
            let volumes = try ContainerAgent.libraries().flatMap { ["--volume", "\($0.0):\($0.1)"] }
            let options = ["--docker", "--metadata-port", String(port)] + volumes
            return try with(scratch, options: options) { try body(scratch, $0) }
        }
    }
}
