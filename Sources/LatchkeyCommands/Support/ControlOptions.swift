// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite
internal import LatchkeySystem
internal import LatchkeyTerminal

/// Which control plane is asked: the embedded one, or a remote one as the AWS tools' profiles describe it. The root
/// command has these options as well, so that they may stand anywhere.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask AWS, or the server that this profile of the AWS tools names; else LATCHKEY_PROFILE and AWS_PROFILE say.",
            valueName: "name"
        ),
        completion: .custom(Completions.profiles)
    )
    var profile: String?

    @Option(help: ArgumentHelp("Ask AWS in this region; else the profile's.", valueName: "name"))
    var region: String?

    @Option(
        name: .customLong("endpoint-url"),
        help: ArgumentHelp("Ask a server that speaks the APIs of EC2 and Systems Manager.", valueName: "url")
    )
    var endpointURL: String?

    @Flag(help: "Allow http:// to a server on another machine: nothing is encrypted.")
    var insecure = false

    @Flag(help: "Use this machine's own instances and key pairs, whatever the environment says.")
    var local = false

    func validate() throws {
        if local, profile != nil || region != nil || endpointURL != nil {
            throw ValidationError("--local excludes --profile, --region and --endpoint-url")
        }
    }

    /// Nil for the embedded control plane.
    var choice: RemoteSelection? {
        guard !local else { return nil }
        return RemoteSelection.made(
            profile: profile,
            region: region,
            endpointURL: endpointURL,
            allowsCleartext: insecure
        )
    }

    func access(to home: Home = .current) -> ControlAccess {
        let askCode: (@Sendable (String) throws -> String)? = ControlOptions.hasTerminal ? ControlOptions.ask : nil
        return ControlAccess(home, choice, askCode: askCode) { Console.note("latchkey: note: \($0)") }
    }

    /// - Throws: `usage` if a remote control plane is chosen.
    func requireLocal(_ command: String, _ advice: String? = nil) throws -> Home {
        guard let choice else { return .current }
        let what =
            choice.profile.map { "the profile '\($0.terminalSafe)', \(choice.source.message)," }
            ?? "another one, given by option,"
        throw LatchkeyError(
            .usage,
            "latchkey \(command) works on this machine's own instances and key pairs only, and \(what) is in force",
            hint: "\(advice.map { "\($0); " } ?? "")--local uses them"
        )
    }

    private static var hasTerminal: Bool {
        switch Prompt() {
        case .some: true
        case .none: false
        }
    }

    @Sendable private static func ask(_ device: String) throws -> String {
        guard let prompt = Prompt() else { throw LatchkeyError(.cancelled, "there is no terminal to ask at") }
        return try prompt.passphrase("The code of '\(device.terminalSafe)': ")
            .withBytes { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
    }
}
