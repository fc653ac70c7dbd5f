// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport

/// botocore, asked for what it makes of the same files.
enum Botocore {
    /// Runs a script that prints JSON.
    ///
    /// - Parameter environment: everything that the script sees besides `PATH`, so that no real account gets in the
    ///   way.
    static func run<Value: Decodable>(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        as type: Value.Type
    ) throws -> Value {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let words = ["env", "-i", "PATH=\(path)"] + environment.map { "\($0.key)=\($0.value)" }
        let run = try Execution.require(words + ["python3", "-c", script] + arguments)
        return try JSONDecoder().decode(type, from: run.output)
    }
}
