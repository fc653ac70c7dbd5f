// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyRemote

/// A program that is to print credentials, and does something else.
struct CredentialProcessTests {
    private static let good = #"{"Version":1,"AccessKeyId":"P","SecretAccessKey":"Q"}"#

    /// - Returns: the key that it printed, or why there is none.
    private func run(_ script: String, _ scratch: Scratch, timeout: Int64 = 300_000) throws -> String {
        let program = try scratch.writeProgram(
            "helper",
            "#!/usr/bin/env python3\nimport os, signal, subprocess, sys, time\n\(script)\n"
        )
        do {
            let process = CredentialProcess(command: program, profileName: "x", timeout: timeout)
            return try process.run().credentials.accessKeyID
        } catch let error as LatchkeyError {
            return error.message
        }
    }

    private func isAlive(_ path: String, _ scratch: Scratch) throws -> Bool {
        let text = try scratch.read(path)
        let state = try Execution.run(["ps", "-o", "stat=", "-p", text]).line
        return !state.isEmpty && !state.hasPrefix("Z")
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["signal.SIGTERM", "signal.SIGINT", "signal.SIGHUP"])
    func `one that ignores signals is killed, with what it started`(ignored: String) throws {
        try Scratch.with { (scratch) throws in
            let ignoring = "for each in (signal.SIGTERM, \(ignored)): signal.signal(each, signal.SIG_IGN)"
            let child =
                "subprocess.Popen(['python3', '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(800)'])"
            let script = """
                \(ignoring)
                child = \(child)
                open('\(scratch.path)/child', 'w').write(str(child.pid))
                open('\(scratch.path)/own', 'w').write(str(os.getpid()))
                """
            let much = try run("\(script)\nprint('x' * 100000, flush=True)\ntime.sleep(800)", scratch)
            #expect(much.hasSuffix("printed more than credentials have"))
            for name in ["child", "own"] { #expect(try !isAlive("\(scratch.path)/\(name)", scratch)) }
            let late = try run("\(script)\ntime.sleep(800)", scratch, timeout: 3000)
            #expect(late.contains("took more than"))
            for name in ["child", "own"] { #expect(try !isAlive("\(scratch.path)/\(name)", scratch)) }
        }
    }

    @Test func `it has the three standard descriptors alone`() throws {
        try Scratch.with { (scratch) throws in
            // One that is not closed on its own when a program is started, as those are that a shell gives.
            let inherited = open("/dev/null", O_RDONLY)
            defer { close(inherited) }
            let script = """
                names = os.listdir('/proc/self/fd')
                # The one that listed them is among them.
                there = sorted(name for name in names if os.path.exists('/proc/self/fd/' + name))
                open('\(scratch.path)/descriptors', 'w').write(' '.join(there))
                print('\(Self.good)')
                """
            #expect(try run(script, scratch) == "P")
            #expect(try scratch.read("\(scratch.path)/descriptors") == "0 1 2")
        }
    }

    /// So nothing is left to be read, and it goes on all the same.
    @Test(.timeLimit(.minutes(5))) func `one that closes its outputs and stays is given up`() throws {
        try Scratch.with { (scratch) throws in
            let script = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.close(1)\nos.close(2)\ntime.sleep(800)"
            #expect(try run(script, scratch, timeout: 2000).contains("took more than"))
        }
    }

    /// A thread on which tests run takes no signals, as those of a fleet, which its child must not inherit.
    @Test(.timeLimit(.minutes(5))) func `one that is asked to end may tidy up`() throws {
        try Scratch.with { (scratch) throws in
            let script = """
                def tidy(*_):
                    open('\(scratch.path)/tidied', 'w').close()
                    sys.exit(0)
                signal.signal(signal.SIGTERM, tidy)
                print('x' * 100000, flush=True)
                time.sleep(800)
                """
            let result = try run(script, scratch)
            #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/tidied"), "\(result)")
        }
    }

    /// As an agent of its own that it leaves behind.
    @Test(.timeLimit(.minutes(5))) func `one that leaves a program behind has ended all the same`() throws {
        try Scratch.with { (scratch) throws in
            let script = """
                child = subprocess.Popen(['sleep', '800'])
                open('\(scratch.path)/child', 'w').write(str(child.pid))
                print('\(Self.good)')
                """
            #expect(try run(script, scratch) == "P")
            #expect(try isAlive("\(scratch.path)/child", scratch))
            kill(try #require(pid_t(try scratch.read("\(scratch.path)/child"))), SIGKILL)
        }
    }

    @Test func `one that was stopped goes on when it is told to`() throws {
        try Scratch.with { (scratch) throws in
            let script = """
                own = os.getpid()
                if os.fork() == 0:
                    os.close(1)
                    # Until it has ended; the first time may be too early.
                    while os.getppid() == own:
                        time.sleep(0.2)
                        os.kill(own, signal.SIGCONT)
                    os._exit(0)
                os.kill(os.getpid(), signal.SIGSTOP)
                print('\(Self.good)')
                """
            let result = try run(script, scratch)
            #expect(result == "P", "\(result)")
        }
    }

    // MARK: At a terminal

    private func atTerminal(_ script: String, _ body: (Screen) throws -> Void) throws {
        try Scratch.with { (scratch) throws in
            try FakeAWS.with { server in
                let program = try scratch.writeProgram("helper", "#!/bin/bash\n\(script)\n")
                let config = """
                    [profile x]
                    region = eu-central-1
                    endpoint_url = \(server.url)
                    credential_process = \(program)

                    """
                let environment = RemoteFixture.environment([
                    "AWS_CONFIG_FILE": try scratch.write("aws-config", config), "LATCHKEY_PROFILE": "x",
                    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "LATCHKEY": Scratch.program,
                ])
                try Screen.with(scratch, environment: environment, body)
            }
        }
    }

    private static let asks =
        "read -rp 'code? ' code </dev/tty 2>/dev/tty; [ \"$code\" = 123 ] && echo '{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"Q\"}'"

    @Test func `a person is asked at the terminal`() throws {
        try atTerminal(Self.asks) { screen in
            try screen.enter("$LATCHKEY key list -q; echo status $?")
            try screen.expect("code?")
            try screen.enter("123")
            try screen.expect("status 0")
            // The terminal is the shell's again.
            try screen.enter("echo still $((40 + 2))")
            try screen.expect("still 42")
        }
    }

    @Test func `Ctrl-C ends both, and Ctrl-Z stops both until the shell lets them go on`() throws {
        try atTerminal(Self.asks) { screen in
            try screen.enter("$LATCHKEY key list -q; echo status $?")
            try screen.expect("code?")
            try screen.press("C-c")
            // Bash leaves the rest of a line whose command was interrupted.
            try screen.enter("echo still $((40 + 2))")
            try screen.expect("still 42")
            try screen.enterCleared("$LATCHKEY key list -q")
            try screen.expect("code?")
            try screen.press("C-z")
            try screen.expect("Stopped")
            try screen.enter("echo there $((40 + 3))")
            try screen.expect("there 43")
            try screen.enter("fg; echo status $?")
            try screen.wait(for: "the command to go on") { $0.contains("key list -q\n") }
            try screen.enter("123")
            try screen.expect("status 0")
        }
    }
}
