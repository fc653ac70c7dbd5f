// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite
internal import LatchkeyTerminal

struct InstanceLaunch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Launch an instance, as a container beside latchkeyd.",
        discussion: """
            latchkey instance launch web-1 --key web && latchkey connect web-1

            It is there when this returns. Without a --key it is entered through its agent.
            """
    )

    @Argument(help: "Its name.")
    var name: String

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("The key pair that opens it.", valueName: "keypair"),
        completion: .custom(Completions.keys)
    )
    var key: String?

    @Option(help: "What to launch it from: an image's id or name; may be left out where there is one image only.")
    var image: String?

    @Option(
        help: ArgumentHelp("A script to run at the first boot; - for standard input.", valueName: "file"),
        completion: .file()
    )
    var userData: String?

    @OptionGroup var tagOptions: TagOptions
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        var tags = try tagOptions.read()
        guard tags[Tags.nameKey] == nil else {
            throw LatchkeyError(
                .usage,
                "an instance has one name: '\(name.terminalSafe)'",
                hint: "leave --tag Name=… out"
            )
        }
        tags[Tags.nameKey] = try Names.instance(name)
        let access = control.access()
        let operations = try access.operations()
        let plane = try access.plane()
        // Others may launch several of one name through the API, but then the name leads nowhere.
        let known = try plane.instances(matching: InstanceSelector(name), limit: 9)
            .first { $0.name == name && $0.state != .terminated }
        if let known {
            throw LatchkeyError(
                .instanceExists,
                "an instance named '\(name.terminalSafe)' exists already: \(known.id), \(known.state.rawValue)",
                hint: known.state == .shuttingDown
                    ? "it ends just now" : "choose another name, or terminate that one first"
            )
        }
        if let key, try plane.keyPair(named: key) == nil { throw LatchkeyError.keyNotFound(key) }
        let deadline = waiting.deadline
        let id = try operations.launch(
            EC2Operations.Launch(
                imageID: try InstanceLaunch.image(image, of: operations.images()),
                keyName: key,
                tags: tags,
                userData: try userData.map(InputFile.readBytes)
            )
        )
        if waiting.isWanted {
            try waiting.wait(for: [id: name], until: .running, operations, deadline)
            try waiting.waitForEntry(id, plane, try access.broker(plane, .off), deadline)
        }
        switch show.output {
        case .json: try Output.print(json: try plane.instances(withIDs: [id]).first)
        case .table: Output.print(id)
        }
    }

    /// The image that was meant: its id, its name, or its name up to the tag; the only one there is if none was said.
    private static func image(_ wanted: String?, of images: [EC2Operations.Image]) throws -> String {
        let list = images.prefix(8).map { "'\($0.name.terminalSafe)'" }.joined(separator: ", ")
        guard let wanted else {
            switch images.count {
            case 0:
                throw LatchkeyError(
                    .requestRefused,
                    "there is no image to launch an instance from",
                    hint: "Docker/instance-image makes one; the label latchkey.image makes one of any image"
                )
            case 1: return images[0].id
            default:
                throw LatchkeyError(.usage, "there are several images: \(list)", hint: "--image NAME says which")
            }
        }
        if let image = images.first(where: { $0.id == wanted || $0.name == wanted }) { return image.id }
        let named = images.filter { $0.name.hasPrefix("\(wanted):") }
        guard named.count == 1 else {
            throw LatchkeyError(
                named.isEmpty ? .requestRefused : .usage,
                "\(named.isEmpty ? "no image is" : "several images are") called '\(wanted.terminalSafe)'",
                hint: images.isEmpty ? "there is none at all" : "there are: \(list)"
            )
        }
        return named[0].id
    }
}
