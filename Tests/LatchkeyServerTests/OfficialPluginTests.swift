// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The official session-manager-plugin at the client's end, where it is on the PATH.
extension RelayTests {
    struct OfficialPlugin {
        static let isThere = (try? Execution.run(["session-manager-plugin", "--version"]).status) == 0

        /// Says on what the suite runs: whoever reads its output learns what was not tried.
        @Test func `the official plugin is there, or its tests are not run`() {
            print("latchkey: session-manager-plugin is \(Self.isThere ? "on the PATH" : "NOT ON THE PATH, NOT TESTED")")
        }

        /// Starts a session by boto3 and gives it to the plugin as the aws CLI does.
        ///
        /// - Parameters:
        ///   - feed: the shell code of its input.
        ///   - isSigned: whether it finds credentials, with which it signs its data channel since 1.2.764.0.
        static func run(
            _ relay: TestRelay,
            _ document: String,
            _ parameters: String,
            feed: String,
            isSigned: Bool = true
        ) throws -> String {
            let script = """
                import subprocess
                target = client().describe_instance_information()['InstanceInformationList'][0]['InstanceId']
                request = {'Target': target, **json.loads(sys.argv[2])}
                answer = client().start_session(**request)
                data = json.dumps({name: answer[name] for name in ('SessionId', 'TokenValue', 'StreamUrl')})
                keys = {'AWS_ACCESS_KEY_ID': SERVER['accessKeyID'], 'AWS_SECRET_ACCESS_KEY': SERVER['secretAccessKey']} \
                    if sys.argv[4] == 'true' else {'AWS_EC2_METADATA_DISABLED': 'true'}
                feed = subprocess.Popen(['sh', '-c', sys.argv[3]], stdout=subprocess.PIPE)
                ended = subprocess.run(['script', '-qec', '"$PLUGIN" "$DATA" local StartSession "" "$REQUEST" "$ENDPOINT"',
                    '/dev/null'], stdin=feed.stdout, stdout=subprocess.PIPE, timeout=180, env={**os.environ, **keys,
                    'PLUGIN': 'session-manager-plugin', 'DATA': data, 'REQUEST': json.dumps(request),
                    'ENDPOINT': SERVER['endpoint'], 'SSL_CERT_FILE': SERVER['authorities'], 'SHELL': '/bin/sh'})
                feed.kill()
                print(ended.stdout.decode(errors='replace'))
                """
            return try relay.python(
                script,
                "{\"DocumentName\": \"\(document)\", \"Parameters\": \(parameters)}",
                feed,
                String(isSigned)
            )
        }

        @Test(.enabled(if: isThere), arguments: [false, true]) func `it opens a shell`(isSigned: Bool) throws {
            try RelayTests.with { _, relay, _ in
                let shown = try Self.run(
                    relay,
                    "SSM-SessionManagerRunShell",
                    "{}",
                    feed: "sleep 2; echo 'echo MARK$((40 + 2))'; sleep 2; echo exit; sleep 20",
                    isSigned: isSigned
                )
                #expect(shown.contains("MARK42"))
                #expect(shown.contains("Exiting session with sessionId"))
            }
        }

        @Test(.enabled(if: isThere)) func `it runs a command, and shows its streams and status`() throws {
            try RelayTests.with { _, relay, _ in
                let shown = try Self.run(
                    relay,
                    "AWS-StartNonInteractiveCommand",
                    #"{"command": ["sh -c 'echo out; echo err >&2; exit 7'"], "separateOutputStream": ["true"]}"#,
                    feed: "sleep 20"
                )
                #expect(shown.contains("out\r\n"))
                #expect(shown.contains("err\r\n"))
                #expect(shown.contains("EXIT_CODE: 7"))
                #expect(shown.contains("Exiting session with sessionId"))
            }
        }
    }
}
