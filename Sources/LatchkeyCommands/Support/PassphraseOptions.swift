// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker

/// Where the passphrase of a private key comes from.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Read the key's passphrase from a file's first line, or a pipe.", valueName: "file"),
        completion: .file()
    )
    var passphraseFile: String?

    var source: PrivateKeyLoader.PassphraseSource {
        passphraseFile.map { .file($0) } ?? .interaction(TerminalInteraction())
    }

    /// - Throws: `fileUnusable`.
    func keyring() throws -> Keyring { try Keyring(passphraseFile: passphraseFile, TerminalInteraction()) }
}
