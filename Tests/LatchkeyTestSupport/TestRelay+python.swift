// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension Scratch {
    /// What a script has to begin with: `client()` makes a boto3 client with the home's own access key, `code()` tells with
    /// which of AWS's codes a call was refused.
    private static let prelude = """
        import json, os, sys
        import boto3, botocore
        from botocore.config import Config
        from botocore.exceptions import ClientError
        HOME = os.environ['LATCHKEY_HOME']
        SERVER = json.load(open(HOME + '/latchkeyd.json'))
        def client(key=None, secret=None, token=None, service='ssm'):
            return boto3.client(service, endpoint_url=SERVER['endpoint'], region_name=SERVER['region'],
                verify=SERVER.get('authorities'), aws_access_key_id=key or SERVER['accessKeyID'],
                aws_secret_access_key=secret or SERVER['secretAccessKey'], aws_session_token=token,
                config=Config(retries={'max_attempts': 1}, read_timeout=100, connect_timeout=60))
        def code(call, **arguments):
            try:
                call(**arguments)
            except ClientError as error:
                return error.response['Error']['Code']
            return 'accepted'

        """

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
            "DAEMON": Scratch.program(named: "latchkeyd"),
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
