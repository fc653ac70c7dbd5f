// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite

struct InstancePassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Decrypt the administrator's password of a Windows instance.",
        discussion: """
            aws ec2 get-password-data --instance-id i-0a1b2c3d4e5f60718 | latchkey instance password win-1 --data -

            With --profile it is asked for there. \
            The password was encrypted at launch for the instance's key pair, which must be RSA. It is printed on standard \
            output and kept nowhere.
            """
    )

    @Argument(help: "The instance.", completion: .custom(Completions.instances))
    var name: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "What EC2's get-password-data answered: its JSON or the base64; - for standard input.",
            valueName: "file"
        ),
        completion: .file()
    )
    var data: String?

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("The key to use: a file or a key pair's name.", valueName: "key"),
        completion: .custom(Completions.keys)
    )
    var key: String?

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let access = control.access()
        let plane = try access.plane()
        let instance = try InstanceChoice.one(name, of: plane)
        let text: String
        if let data {
            text = try PasswordData.read(try InputFile.read(data))
        } else if let remote = try access.remote {
            text = try remote.passwordData(of: instance.id)
        } else {
            throw LatchkeyError(
                .passwordNotReady,
                "there is no encrypted password known of '\(instance.displayName)'",
                hint: "aws ec2 get-password-data --instance-id \(instance.id) | latchkey instance password "
                    + "'\(instance.displayName)' --data -"
            )
        }
        guard !text.isEmpty else {
            throw LatchkeyError(
                .passwordNotReady,
                "the password of '\(instance.displayName)' is not ready yet",
                hint: "Windows sets it some minutes after the launch, 15 at the most; ask again then"
            )
        }
        let broker = try access.broker(plane, .off, try passphrase.keyring())
        try Output.write(try broker.password(of: instance, encrypted: text, key: key))
        Output.print("")
    }
}
