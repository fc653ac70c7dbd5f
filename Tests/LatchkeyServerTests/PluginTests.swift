// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// The client as the stock aws CLI starts it, under the name of the official plugin.
    struct DropInPlugin {
        /// A relay whose `shell` finds the client as `session-manager-plugin`, and the id of the instance there, which is also
        /// in `TARGET`.
        private static func with(_ body: (TestRelay, TestAgent, _ target: String) throws -> Void) throws {
            try RelayTests.with { scratch, relay, agent in
                let folder = "\(scratch.path)/plugin"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/session-manager-plugin",
                    withDestinationPath: Scratch.program
                )
                let target = try relay.python(
                    "print(client().describe_instance_information()['InstanceInformationList'][0]['InstanceId'])"
                )
                try body(relay, agent, target)
            }
        }

        /// Runs a script with the aws CLI. `start DOCUMENT JSON` begins a session.
        private static func shell(_ relay: TestRelay, _ target: String, _ script: String) throws -> String {
            try relay.shell(
                """
                export PATH=$WORK/plugin:$PATH TARGET=\(target)
                start() {
                    aws ssm start-session --target "$TARGET" --document-name "$1" --parameters "$2"
                }
                \(script)
                """
            )
        }

        /// What a script begins with that starts the plugin itself: `plugin(document, parameters)`.
        private static let prelude = Script.text("plugin")

        private static func python(_ relay: TestRelay, _ script: String) throws -> String {
            try relay.scratch.python(
                "os.environ['WORK'] = sys.argv[1]\n" + prelude + script,
                [relay.scratch.path]
            )
        }

        @Test func `a command's streams, bytes and status come through the aws CLI`() throws {
            try Self.with { relay, _, target in
                let shown = try Self.shell(
                    relay,
                    target,
                    #"""
                    start AWS-StartNonInteractiveCommand '{"command": ["sh -c \"printf out; printf err >&2; exit 7\""],
                        "separateOutputStream": ["true"]}' < /dev/null 2> $WORK/said
                    echo "status $?"
                    grep -o 'exit status 7' $WORK/said
                    head -c 3000000 /dev/urandom > $WORK/noise
                    start AWS-StartNonInteractiveCommand '{"command": ["cat '$WORK/noise'"]}' < /dev/null > $WORK/copy
                    echo "status $?"
                    python3 -c 'import sys; copy, noise = (open(name, "rb").read() for name in sys.argv[1:])
                    print(noise in copy, copy.startswith(b"\nStarting session with SessionId: "))' $WORK/copy $WORK/noise
                    """#
                )
                #expect(shown.contains("\nStarting session with SessionId: "))
                #expect(shown.contains("outerrEXIT_CODE: 7\n\nExiting session with sessionId: "), "\(shown)")
                #expect(shown.hasSuffix("status 255\nexit status 7\nstatus 0\nTrue True\n"), "\(shown)")
            }
        }

        @Test func `a shell has a terminal, its size, and ends with status 0 whatever its last command's was`() throws {
            try Self.with { relay, _, target in
                let environment = try Self.environment(relay, target)
                try Screen.with(relay.scratch, columns: 90, rows: 20, environment: environment) { screen in
                    try screen.enter("aws ssm start-session --target \(target); echo status $?")
                    try screen.expect("Starting session with SessionId: ")
                    try screen.enter("PS1='far> '; stty size; echo MARK$((40 + 2))")
                    try screen.expect("20 90\nMARK42")
                    try screen.resize(columns: 70, rows: 15)
                    try screen.enterCleared("stty size")
                    try screen.expect("15 70")
                    // Neither ends anything but what runs there.
                    try screen.enterSleep()
                    try screen.press("C-c")
                    try screen.enter("(exit 3); echo before $?")
                    try screen.expect("before 3")
                    try screen.enter("exit 3")
                    try screen.expect("Exiting session with sessionId: ")
                    try screen.expect("status 0")
                }
            }
        }

        @Test func `a shell is left by its escape, and ends there`() throws {
            try Self.with { relay, _, target in
                let environment = try Self.environment(relay, target)
                try Screen.with(relay.scratch, environment: environment) { screen in
                    try screen.enter("aws ssm start-session --target \(target); echo status $?")
                    try screen.enter("echo MARK$((40 + 2)); exec sleep 7070")
                    try screen.expect("MARK42")
                    try screen.press("Enter")
                    try screen.type("~.")
                    try screen.expect("status 0")
                    #expect(try Self.sessions(relay) == "0")
                }
            }
        }

        private static func environment(_ relay: TestRelay, _ target: String) throws -> [String: String?] {
            let names = [
                "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_REGION",
                "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PAGER", "PATH",
            ]
            let shown = try shell(relay, target, "for name in \(names.joined(separator: " ")); do echo ${!name}; done")
            let values = shown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            return Dictionary(uniqueKeysWithValues: zip(names, values))
        }

        private static func sessions(_ relay: TestRelay) throws -> String {
            try relay.python("print(len(client().describe_sessions(State='Active')['Sessions']))")
        }

        @Test func `many connections at once go through a port, each with its own end`() throws {
            try Self.with { relay, _, _ in
                let shown = try Self.python(
                    relay,
                    """
                    def each(link):
                        # The answer comes after the end of what is asked, which closes one direction alone.
                        data = rest(link)
                        link.sendall(data + hashlib.sha256(data).digest())
                        link.close()
                    process, port = forward(serve(each))
                    found = []
                    def ask():
                        data = os.urandom(1 << 21)
                        link = socket.create_connection(('127.0.0.1', port))
                        link.sendall(data)
                        link.shutdown(socket.SHUT_WR)
                        found.append(rest(link) == data + hashlib.sha256(data).digest())
                    threads = [threading.Thread(target=ask) for _ in range(20)]
                    for thread in threads: thread.start()
                    for thread in threads: thread.join()
                    print(found == [True] * 20)
                    print(*stop(process))
                    """
                )
                #expect(shown.hasPrefix("True\n\nConnection accepted for session ["), "\(shown)")
                #expect(shown.contains("Terminate signal received, exiting.\n\n\nExiting session with sessionId: "))
                #expect(shown.hasSuffix(" 0"), "\(shown)")
                #expect(try Self.sessions(relay) == "0")
            }
        }

        @Test func `what ends on one side of a port ends on the other, and a port that is not there is told`() throws {
            try Self.with { relay, _, _ in
                let shown = try Self.python(
                    relay,
                    """
                    ended = threading.Event()
                    def endless(link):
                        try:
                            while True: link.sendall(bytes(1 << 16))
                        except OSError: ended.set()
                    def brief(link):
                        link.sendall(b'brief')
                        link.close()
                    process, port = forward(serve(endless))
                    link = socket.create_connection(('127.0.0.1', port))
                    link.recv(1 << 16)
                    link.close()
                    print('the server sees it', ended.wait(60))
                    stop(process)
                    process, port = forward(serve(brief))
                    link = socket.create_connection(('127.0.0.1', port))
                    print(rest(link))
                    # What is still written is refused, not kept for ever.
                    try:
                        for _ in range(600):
                            link.sendall(bytes(1 << 16))
                            time.sleep(0.05)
                    except OSError: print('the client sees it')
                    stop(process)
                    closed = socket.create_server(('127.0.0.1', 0))
                    number = closed.getsockname()[1]
                    closed.close()
                    process, port = forward(number)
                    print(rest(socket.create_connection(('127.0.0.1', port))))
                    print(stop(process)[0])
                    """
                )
                #expect(shown.hasPrefix("the server sees it True\nb'brief'\nthe client sees it\nb''\n"), "\(shown)")
                #expect(shown.contains("\nConnection to destination port failed, check SSM Agent logs.\n"), "\(shown)")
            }
        }

        @Test func `a socket in the file system is a port's other end, its owner's alone, and gone afterwards`() throws
        {
            try Self.with { relay, _, _ in
                let shown = try Self.python(
                    relay,
                    """
                    def each(link):
                        link.sendall(rest(link)[::-1])
                        link.close()
                    path = os.environ['WORK'] + '/socket'
                    number = str(serve(each))
                    for document, more in (('AWS-StartPortForwardingSessionToSocket', {}),
                            ('AWS-StartPortForwardingSession', {'localConnectionType': ['unix']})):
                        parameters = {'portNumber': [number], 'localUnixSocket': [path], **more}
                        process = plugin(document, parameters)
                        while not process.stdout.readline().startswith(f'Unix socket {path} opened for '.encode()): pass
                        assert process.stdout.readline() == b'Waiting for connections...\\n'
                        link = socket.socket(socket.AF_UNIX)
                        link.connect(path)
                        link.sendall(b'abc')
                        link.shutdown(socket.SHUT_WR)
                        print(rest(link), oct(os.stat(path).st_mode & 0o777))
                        second = plugin(document, parameters)
                        print(second.communicate(timeout=100)[0].decode().splitlines()[-1].replace(path, 'PATH'))
                        stop(process)
                        print(os.path.exists(path))
                    """
                )
                let once = """
                    b'cba' 0o600
                    Cannot perform start session: cannot listen at 'PATH': address already in use
                    False
                    """
                #expect(shown == once + "\n" + once)
            }
        }

        @Test func `a port outlives a relay that is killed, and connections go on`() throws {
            try Self.with { relay, _, _ in
                let ready = "\(relay.scratch.path)/ready"
                let restarts = DispatchQueue(label: "restarts")
                // Used here alone until the queue is waited for.
                nonisolated(unsafe) let killed = relay
                restarts.async {
                    do {
                        try TestRelay.wait(for: "a connection") { FileManager.default.fileExists(atPath: ready) }
                        try killed.end(by: SIGKILL)
                        try killed.start()
                    } catch { Issue.record(error) }
                }
                let shown = try Self.python(
                    relay,
                    """
                    def each(link):
                        while data := link.recv(1 << 16): link.sendall(data)
                        link.close()
                    process, port = forward(serve(each))
                    link = socket.create_connection(('127.0.0.1', port))
                    def echo(text):
                        link.sendall(text)
                        got = b''
                        while len(got) < len(text): got += link.recv(1 << 16)
                        return got == text
                    print(echo(b'before'))
                    open('\(ready)', 'w').close()
                    for _ in range(40):
                        assert echo(os.urandom(100000))
                        time.sleep(0.1)
                    print(echo(b'after'))
                    print(stop(process)[1])
                    """
                )
                restarts.sync {}
                #expect(shown == "True\nTrue\n0")
            }
        }

        @Test func `a port as standard streams has nothing of the program's own in it`() throws {
            try Self.with { relay, _, _ in
                let shown = try Self.python(
                    relay,
                    """
                    def each(link):
                        data = rest(link)
                        link.sendall(data[::-1])
                        link.close()
                    process = plugin('AWS-StartSSHSession', {'portNumber': [str(serve(each))]}, stdin=subprocess.PIPE)
                    data = os.urandom(3000000)
                    answer, _ = process.communicate(data, timeout=100)
                    print(answer == data[::-1], process.returncode)
                    """
                )
                #expect(shown == "True 0")
            }
        }

        @Test func `a session that somebody ends says so, and what cannot be is told in the words that callers know`()
            throws
        {
            try Self.with { relay, _, _ in
                let shown = try Self.python(
                    relay,
                    """
                    process, port = forward(9)
                    running = client().describe_sessions(State='Active')['Sessions']
                    client().terminate_session(SessionId=running[0]['SessionId'])
                    words, _ = process.communicate(timeout=100)
                    print(re.sub(r'[a-z]+-[0-9a-f]{17}', 'ID', words.decode()).strip(), process.returncode)
                    taken = socket.create_server(('127.0.0.1', 0))
                    answer = plugin('AWS-StartPortForwardingSession',
                        {'portNumber': ['9'], 'localPortNumber': [str(taken.getsockname()[1])]})
                    print(answer.communicate(timeout=100)[0].decode().splitlines()[-1].replace(
                        str(taken.getsockname()[1]), 'N'), answer.returncode)
                    """
                )
                #expect(shown.hasPrefix("SessionId: ID : the session was terminated 255\n"), "\(shown)")
                #expect(
                    shown.hasSuffix(
                        "\nCannot perform start session: cannot listen at port N: address already in use 255"
                    ),
                    "\(shown)"
                )
                #expect(try Self.sessions(relay) == "0")
            }
        }

        // MARK: Ansible

        /// The name of Ansible's connection plugin for Session Manager; nil where there is none on the PATH.
        static let ansible: String? = ["amazon.aws.aws_ssm", "community.aws.aws_ssm"]
            .first { name in
                let run = try? Execution.run(["ansible-doc", "-t", "connection", name])
                return run?.status == 0 && run?.text.contains("aws_ssm") == true
            }

        /// Says on what the suite runs: whoever reads its output learns what was not tried.
        @Test func `Ansible is there, or its test is not run`() {
            print("latchkey: Ansible's aws_ssm is \(Self.ansible ?? "NOT ON THE PATH, NOT TESTED")")
        }

        /// It wants a bucket for files, of which there are none here.
        private static let bucket = Script.text("bucket")

        @Test(.enabled(if: ansible != nil)) func `Ansible runs commands through it, and has their status`() throws {
            try Self.with { relay, _, target in
                let port = try TestRelay.freePort()
                let bucket = try BackgroundProcess(["python3", "-c", Self.bucket, String(port)])
                defer { bucket.stop() }
                try TestRelay.wait(for: "the bucket") {
                    try Execution.run(["curl", "-sf", "-m", "30", "-o", "/dev/null", "http://127.0.0.1:\(port)/"])
                        .status == 0
                }
                let shown = try Self.shell(
                    relay,
                    target,
                    """
                    AWS_ENDPOINT_URL_S3=http://127.0.0.1:\(port) ansible all -i "$TARGET," -m raw \
                        -a 'echo MARK$((40 + 2)); (exit 3)' -e ansible_connection=\(Self.ansible ?? "") \
                        -e ansible_aws_ssm_region=local -e ansible_aws_ssm_bucket_name=files \
                        -e ansible_aws_ssm_plugin="$WORK/plugin/session-manager-plugin" 2>&1 || true
                    """
                )
                #expect(shown.contains("rc=3") && shown.contains("MARK42"), "\(shown)")
            }
        }
    }
}
