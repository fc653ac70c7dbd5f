// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension Scratch {
    /// What a script has to begin with: `client()` makes a boto3 client with the home's own access key, `code()` tells with
    /// which of AWS's codes a call was refused.
    private static let prelude = Script.text("home")

    /// Runs a Python script as this user's API client, to its successful end.
    ///
    /// - Returns: what it printed, without the newline at its end.
    @discardableResult
    package func python(_ script: String, _ arguments: [String] = [], timeout: Int = 2 * Execution.timeout) throws
        -> String
    {
        // boto3 is not to find anybody's real account.
        let more: [String: String?] = [
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "PROGRAM": Scratch.program,
            "DAEMON": Scratch.program(named: "latchkeyd"), "PYTHONPATH": Script.folder, "PYTHONDONTWRITEBYTECODE": "1",
        ]
        let run = try Execution.run(
            ["python3", "-c", Scratch.prelude + script] + arguments,
            environment: environment.merging(more) { $1 },
            timeout: timeout
        )
        guard run.status == 0 else { throw HarnessError("python ended with \(run.status): \(run.error)") }
        return run.line
    }
}

extension TestRelay {
    /// Runs a Python script as this user's API client, to its successful end. Its first argument is the port.
    ///
    /// - Returns: what it printed, without the newline at its end.
    @discardableResult
    package func python(_ script: String, _ arguments: String..., timeout: Int = 2 * Execution.timeout) throws
        -> String
    {
        try scratch.python(script, [String(port)] + arguments, timeout: timeout)
    }

    /// - Parameter arguments: what follows the port.
    @discardableResult
    package func python(_ script: String, _ arguments: [String], timeout: Int = 2 * Execution.timeout) throws -> String
    {
        try scratch.python(script, [String(port)] + arguments, timeout: timeout)
    }

    /// Runs a script of bash with an `aws` that asks this server and prints text, to its successful end.
    ///
    /// - Returns: what it printed.
    package func shell(_ script: String, timeout: Int = 2 * Execution.timeout) throws -> String {
        struct Server: Decodable {
            var accessKeyID: String
            var secretAccessKey: String
            var region: String
        }
        let server = try JSONDecoder()
            .decode(Server.self, from: Data(try scratch.read("\(scratch.latchkeyHome)/latchkeyd.json").utf8))
        let more: [String: String?] = [
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ENDPOINT_URL": endpoint,
            "AWS_CA_BUNDLE": authority, "SSL_CERT_FILE": authority, "AWS_REGION": server.region,
            "AWS_DEFAULT_REGION": server.region,
            "AWS_ACCESS_KEY_ID": server.accessKeyID, "AWS_SECRET_ACCESS_KEY": server.secretAccessKey, "AWS_PAGER": "",
            "AWS_DEFAULT_OUTPUT": "text", "WORK": scratch.path, "REQUESTS_CA_BUNDLE": nil,
            "DAEMON": Scratch.program(named: "latchkeyd"),
        ]
        let run = try Execution.run(
            ["bash", "-c", script],
            environment: scratch.environment.merging(more) { $1 },
            timeout: timeout
        )
        guard run.status == 0 else {
            throw HarnessError("the script ended with \(run.status): \(run.text) \(run.error)")
        }
        return run.text
    }
}
