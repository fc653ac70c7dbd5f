// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyAgent
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySystem

struct Register: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register this machine with an activation, once.",
        discussion: """
            latchkeyd activation create, or aws ssm create-activation, makes the activation. The code may also come in \
            the variable LATCHKEY_ACTIVATION_CODE, which other users of this machine cannot see.
            """
    )

    @Option(help: ArgumentHelp("Where the latchkeyd is, for example https://relay.example:8443.", valueName: "url"))
    var endpoint: String

    @Option(help: "The activation's id.")
    var activationId: String

    @Option(help: "The activation's code.")
    var activationCode: String?

    @Option(help: ArgumentHelp("Certificates to trust, in PEM; else the system's.", valueName: "file"))
    var ca: String?

    @Option(help: "The region that the server was given; any word will do for a latchkeyd.")
    var region = "local"

    @Flag(help: "Allow an http:// endpoint on another machine: nothing is encrypted.")
    var insecure = false

    @Flag(help: "Register anew, as another instance.")
    var force = false

    @OptionGroup var state: StateOption

    func run() throws {
        guard let code = activationCode ?? Environment.value("LATCHKEY_ACTIVATION_CODE") else {
            throw LatchkeyError(
                .usage,
                "the activation's code is missing",
                hint: "--activation-code CODE, or the variable LATCHKEY_ACTIVATION_CODE"
            )
        }
        let id = try Agent.register(
            endpoint: endpoint,
            allowsCleartext: insecure,
            authorities: ca,
            region: region,
            activationID: activationId,
            activationCode: code,
            stateFolder: state.folder,
            replaces: force
        )
        try Output.write(id)
        let option = state.given.map { " --state \($0.terminalSafe)" } ?? ""
        Console.note("latchkey-agent: registered; start it: latchkey-agent run\(option)")
    }
}
