// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeySQLite

struct KeyList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List key pairs.", aliases: ["ls"])

    @OptionGroup var list: ListOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let pairs = try access.plane().keyPairs()
        let library = try access.home.library(nil)
        try list.render(
            pairs.map { KeyPairReport($0, library) },
            header: ["NAME", "TYPE", "FINGERPRINT", "ORIGIN", "PRIVATE KEY", "TAGS"],
            quiet: \.name,
            empty: access.isLocal ? "no key pairs yet: latchkey key create NAME makes one" : nil
        ) { pair in
            [
                pair.name.terminalSafe, pair.publicKey.typeAndSize, pair.sha256, pair.origin.rawValue,
                pair.privateKeys.first?.terminalSafe ?? "not here", pair.tags.listed.isEmpty ? "-" : pair.tags.listed,
            ]
        }
    }
}
