// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// Host keys as they stand in files: `TYPE BASE64`, ssh-keyscan's `HOST TYPE BASE64`, cloud-init's block on the
/// console.
package enum HostKeyText {
    private static let beginning = "BEGIN SSH HOST KEY KEYS-----"
    private static let end = "END SSH HOST KEY KEYS-----"

    /// What sshd writes when it listens (sshd.c). On a console it may be followed by the words of those who connect, with any
    /// line that they like to see there.
    private static let listening = "Server listening on "
    /// What all of cloud-init's marks have, and what becomes of it where a mark counts for nothing.
    private static let (mark, noMark) = ("SSH HOST KEY", "ssh host key")

    /// The keys of a file.
    ///
    /// Where there is a block on it, or sshd speaks, it is a console and read as such; a line of another kind is in no file of
    /// keys, and what stands beside it could be another machine's.
    package static func keys(in text: String) -> [PublicKey] {
        if let console = console(inAnswer: text) { return keys(onConsole: console) }
        let lines = text.split(whereSeparator: \.isNewline)
        let isConsole = lines.contains { ends($0, with: beginning) || ends($0, with: end) || $0.contains(listening) }
        if isConsole { return keys(onConsole: text) }
        let keyLines = lines.filter { line in
            line.first { !$0.isWhitespace }.map { $0 != "#" } ?? false
        }
        let keys = keyLines.compactMap(key)
        return keys.count == keyLines.count ? keys : []
    }

    /// The keys that cloud-init has printed on a console, before sshd listened. If it did so several times, all of them have to
    /// be the same: what else could print there must not put its own beside them.
    ///
    /// - Parameter text: the console from its boot on.
    package static func keys(onConsole text: String) -> [PublicKey] {
        let lines = text.split(whereSeparator: \.isNewline)
        let boot = lines.prefix { !$0.contains(listening) }
        let blocks = blocks(boot).map { $0.compactMap(keyBehindPrefix) }
        guard let first = blocks.first, blocks.allSatisfy({ Set($0) == Set(first) }) else { return [] }
        return first
    }

    /// A console on which only what its boot printed counts, however it is read: the marks of blocks that came later
    /// are in small letters.
    ///
    /// - Parameter beginsWithBoot: whether all of it is there from the boot on; else sshd may have listened before.
    package static func disarmed(_ console: [UInt8], beginsWithBoot: Bool) -> [UInt8] {
        let end = beginsWithBoot ? console.firstRange(of: Array(listening.utf8))?.lowerBound ?? console.endIndex : 0
        return Array(console[..<end]) + Array(console[end...]).replacing(Array(mark.utf8), with: Array(noMark.utf8))
    }

    /// Keys as cloud-init prints them on a console; empty for none.
    package static func block(of keys: [PublicKey]) -> String {
        keys.isEmpty ? "" : (["\n-----\(beginning)"] + keys.map(\.line) + ["-----\(end)\n"]).joined(separator: "\n")
    }

    package static func key(in line: some StringProtocol) -> PublicKey? {
        if let key = PublicKey(line: line) { return key }
        let words = line.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
        return words.count == 2 && !line.hasPrefix("#") ? PublicKey(line: words[1]) : nil
    }

    /// The lines between the marks, of each block that has both.
    private static func blocks(_ lines: ArraySlice<Substring>) -> [ArraySlice<Substring>] {
        var blocks: [ArraySlice<Substring>] = []
        var start: Int?
        for (index, line) in zip(lines.indices, lines) {
            if ends(line, with: beginning) {
                start = index + 1
            } else if ends(line, with: end), let first = start {
                blocks.append(lines[first..<index])
                start = nil
            }
        }
        return blocks
    }

    private static func ends(_ line: Substring, with mark: String) -> Bool {
        var line = line
        while line.last?.isWhitespace == true { line.removeLast() }
        return line.hasSuffix(mark)
    }

    /// What the names of SSH's algorithms begin with.
    private static let beginnings = ["ssh-", "ecdsa-", "sk-"]
    private static let attempts = 32

    /// The kernel's log has a time before each line, systemd's the name of the program, syslog a number, some with a space behind
    /// it and some without.
    private static func keyBehindPrefix(_ line: Substring) -> PublicKey? {
        var rest = line
        for _ in 0..<attempts {
            if let key = PublicKey(line: rest) { return key }
            guard
                let next = rest.indices.dropFirst()
                    .first(where: { place in
                        beginnings.contains { rest[place...].hasPrefix($0) }
                    })
            else { return nil }
            rest = rest[next...]
        }
        return nil
    }

    /// What `aws ec2 get-console-output` prints has the console in a field.
    private struct Answer: Decodable {
        let output: String

        private enum CodingKeys: String, CodingKey {
            case output = "Output"
        }
    }

    /// The console in the JSON that get-console-output prints; nil for another text.
    private static func console(inAnswer text: String) -> String? {
        guard text.first(where: { !$0.isWhitespace }) == "{",
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        else { return nil }
        // The API has it in base64, in which no mark can be.
        guard !answer.output.contains(mark), let data = Data(base64Encoded: answer.output) else { return answer.output }
        return String(decoding: data, as: UTF8.self)
    }
}
