// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite

struct KeyShow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all about a key pair.")

    @Argument(help: "The key pair.", completion: .custom(Completions.keys))
    var name: String

    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    @Flag(help: "Print only the public key, as it stands in an authorized_keys file.")
    var publicKey = false

    func run() throws {
        let access = control.access()
        let plane = try access.plane()
        guard let pair = try plane.keyPair(named: name) else { throw LatchkeyError.keyNotFound(name) }
        if publicKey {
            Output.print("\(pair.publicKey.line) \(pair.name)")
            return
        }
        let report = KeyPairReport(pair, try access.home.library(nil))
        let count = try plane.instanceCount(launchedWith: name)
        try show.render(
            report,
            lines: [
                ("name", report.name.terminalSafe), ("id", report.id), ("type", report.publicKey.typeAndSize),
                ("fingerprint", report.sha256), ("", "\(report.fingerprint) (as EC2 shows it)"),
                ("origin", report.origin.rawValue),
                (
                    "private key",
                    report.privateKeys.isEmpty
                        ? "not on this machine" : report.privateKeys.map(\.terminalSafe).joined(separator: ", ")
                ),
                ("launched with it", "\(count) instance\(count == 1 ? "" : "s")"),
                ("tags", report.tags.listed.isEmpty ? "-" : report.tags.listed),
                ("public key", report.publicKey.line), ("created", report.created.formatted(.iso8601)),
            ]
        )
    }
}
