// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommands

struct PluginInvocationTests {
    private static let answer =
        #"{"SessionId": "s-1", "TokenValue": "secret", "StreamUrl": "wss://host/v1/data-channel/s-1"}"#
    private static let read = PluginSession.Answer(
        sessionID: "s-1",
        token: "secret",
        streamURL: "wss://host/v1/data-channel/s-1"
    )

    private static func invocation(
        _ arguments: [String],
        _ variables: [String: String] = [:]
    ) throws(LatchkeyError) -> PluginInvocation {
        try PluginInvocation(arguments) { variables[$0] }
    }

    @Test func `the aws CLI's arguments are understood, with the answer in a variable`() throws {
        let request = #"{"Target": "i-1", "DocumentName": "AWS-StartSSHSession", "Parameters": {"portNumber": ["22"]}}"#
        let found = try Self.invocation(
            ["AWS_SSM_START_SESSION_RESPONSE_7", "eu-north-1", "StartSession", "work", request, "https://host:9443"],
            ["AWS_SSM_START_SESSION_RESPONSE_7": Self.answer]
        )
        #expect(
            found
                == .session(
                    PluginSession.Request(
                        answer: Self.read,
                        region: "eu-north-1",
                        profile: "work",
                        document: PluginSession.Document(
                            name: "AWS-StartSSHSession",
                            parameters: ["portNumber": ["22"]]
                        ),
                        endpoint: "https://host:9443"
                    )
                )
        )
    }

    @Test func `the answer may be an argument, and the last three may be missing or empty`() throws {
        for rest in [[], ["", "{}", ""]] as [[String]] {
            let found = try Self.invocation([Self.answer, "eu-north-1", "StartSession"] + rest)
            let wanted = PluginSession.Request(
                answer: Self.read,
                region: "eu-north-1",
                profile: nil,
                document: PluginSession.Document(),
                endpoint: nil
            )
            #expect(found == .session(wanted))
        }
    }

    @Test func `names count whichever way they are written`() throws {
        let found = try Self.invocation([
            #"{"sessionID": "s-1", "tokenvalue": "secret", "STREAMURL": "wss://host/v1/data-channel/s-1", "More": 1}"#,
            "eu-north-1", "StartSession", "",
            #"{"documentName": "X", "parameters": {"SeparateOutputStream": ["True"]}}"#,
        ])
        guard case .session(let request) = found else {
            Issue.record("it is no session")
            return
        }
        #expect(request.answer == Self.read)
        #expect(request.document.showsExitCode)
    }

    @Test(arguments: ["", "{", "[]", #"{"SessionId": "s-1"}"#, #"{"SessionId": 1, "TokenValue": "", "StreamUrl": ""}"#])
    func `an answer that is none is refused, and not repeated`(answer: String) {
        #expect(throws: LatchkeyError(.usage, "StartSession's answer is not understood", hint: Self.hint)) {
            try Self.invocation([answer, "eu-north-1", "StartSession"])
        }
        #expect(throws: LatchkeyError(.usage, "StartSession's answer is not understood", hint: Self.hint)) {
            try Self.invocation(["AWS_SSM_START_SESSION_RESPONSE", "eu-north-1", "StartSession"])
        }
    }

    private static let hint = "the aws CLI calls this program: aws ssm start-session --target ID"

    @Test func `without a session it says what the official one says`() throws {
        #expect(try Self.invocation([]) == .banner)
        #expect(try Self.invocation(["--version"]) == .version)
        let unknown = "\nUnknown operation what. \nUse session-manager-plugin --version to check the version.\n\n"
        #expect(try Self.invocation(["what"]) == .misuse(unknown))
        #expect(try Self.invocation(["what", "else"]) == .misuse(unknown))
        #expect(try Self.invocation([Self.answer, "eu-north-1", "StopSession"]) == .misuse("Invalid Operation\n"))
    }

    @Test func `a variable that was taken is nowhere any more`() {
        setenv("AWS_SSM_START_SESSION_RESPONSE_TEST", "secret", 1)
        let place = getenv("AWS_SSM_START_SESSION_RESPONSE_TEST")
        #expect(PluginInvocation.takeVariable("AWS_SSM_START_SESSION_RESPONSE_TEST") == "secret")
        #expect(getenv("AWS_SSM_START_SESSION_RESPONSE_TEST") == nil)
        #expect(place.map { $0[0] } == 0)
        #expect(PluginInvocation.takeVariable("AWS_SSM_START_SESSION_RESPONSE_TEST") == nil)
    }

    @Test func `the program's version is one that the aws CLI trusts with a variable`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/session-manager-plugin"
            try Execution.require(["ln", "-s", Scratch.program, path])
            let run = try Execution.run([path, "--version"], environment: scratch.environment)
            let numbers = run.line.split(separator: ".").compactMap { Int($0) }
            #expect(run.status == 0 && numbers.count == 4, "\(run.text)")
            #expect([1, 2, 764, 0].lexicographicallyPrecedes(numbers))
            let banner = try Execution.run([path], environment: scratch.environment)
            #expect(banner.status == 0)
            #expect(banner.text.contains("The Session Manager plugin was installed successfully."))
        }
    }
}
