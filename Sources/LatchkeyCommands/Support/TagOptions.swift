// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel

/// `--tag`, wherever something with tags is made.
struct TagOptions: ParsableArguments {
    @Option(
        name: [.customShort("g"), .long],
        help: ArgumentHelp("A tag; may be given several times.", valueName: "key=value")
    )
    var tag: [String] = []

    /// - Throws: `usage` or `nameInvalid` for what is no tag.
    func read() throws -> Tags { try TagOptions.read(tag) }

    /// Tags as words of a command line; of two with one key the last one counts.
    static func read(_ words: [String]) throws -> Tags {
        Tags(try words.map(TagArgument.init).map { ($0.key, $0.value) }) { $1 }
    }
}
