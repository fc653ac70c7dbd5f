// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH

/// The login user's `authorized_keys` files on an instance, as they were when they were read.
struct RemoteAuthorizedKeys {
    /// Where sshd looks by default (sshd_config(5), AuthorizedKeysFile), from the home folder on; the first one is made
    /// where there is none.
    private static let paths = [".ssh/authorized_keys", ".ssh/authorized_keys2"]

    /// A file that changed between reading and writing; reading again helps.
    struct Changed: Error {}

    private(set) var files: [(path: String, content: AuthorizedKeys)]

    func contains(_ key: PublicKey) -> Bool { files.contains { $0.content.contains(key) } }

    /// What stands before a key in its lines, safe for a terminal: what may bar it, or bind it to one command. Empty for nothing.
    func options(of key: PublicKey) -> String {
        let options = files.flatMap { $0.content.options(of: key) }
        return options.map { String(terminalSafe: $0.prefix(400)) }.joined(separator: " and ")
    }

    /// - Parameter tidies: whether drafts that a killed one has left behind are removed.
    /// - Throws: `LatchkeyError`; ``Changed``.
    static func read(
        over connection: borrowing Connection,
        on instance: Instance,
        tidies: Bool
    ) throws -> RemoteAuthorizedKeys {
        let script = RemoteScript { Array((readScript($0) + (tidies ? tidyScript : "")).utf8) }
        var answer = try script.run(over: connection, on: instance)[...]
        let what = "did not show its authorized_keys"
        let first = line(&answer)
        guard first == "files" else { throw RemoteScript.failure(first ?? "", what, instance) }
        var files: [(path: String, content: AuthorizedKeys)] = []
        while true {
            guard let head = line(&answer) else { throw RemoteScript.failure("", what, instance) }
            if head == "end" { break }
            let words = head.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let size = Int(words[0]), paths.contains(String(words[1])) else {
                throw RemoteScript.failure(head, what, instance)
            }
            guard answer.count > size, answer[answer.startIndex + size] == UInt8(ascii: "\n") else { throw Changed() }
            let content = AuthorizedKeys(Array(answer.prefix(size)))
            guard content.isText else {
                throw LatchkeyError(
                    .fileUnusable,
                    "'\(words[1])' of '\(instance.displayName)' is not a text file",
                    hint: "look at it there"
                )
            }
            files.append((String(words[1]), content))
            answer = answer.dropFirst(size + 1)
        }
        return RemoteAuthorizedKeys(files: files)
    }

    private static func readScript(_ mark: String) -> String {
        """
        LC_ALL=C; export LC_ALL
        cd "$HOME" || { echo '\(mark) failed cannot enter the home folder'; exit 1; }
        echo '\(mark) files'
        for file in \(paths.joined(separator: " ")); do
            if [ -f "$file" ]; then
                size=$(wc -c <"$file") || { echo 'failed cannot read it'; exit 1; }
                echo "$((size)) $file"
                cat "$file" || { echo 'failed cannot read it'; exit 1; }
                echo
            elif [ -e "$file" ] || [ -L "$file" ]; then
                echo "failed $file is no file"; exit 1
            fi
        done
        echo end

        """
    }

    /// Only who holds the lock knows that no draft is in use.
    private static let tidyScript = """
        if command -v flock >/dev/null 2>&1; then
            (exec 9<.ssh && flock -n 9 && rm -f .ssh/.latchkey-*) 2>/dev/null
        fi

        """

    /// Changes the files that `change` changes, each one atomically, owner, mode and context kept. What is there must still
    /// be what was read.
    ///
    /// - Throws: ``Changed``, and nothing has changed; `LatchkeyError`: nothing has changed, or (`connectionLost`) it is unknown.
    mutating func update(
        over connection: borrowing Connection,
        on instance: Instance,
        _ change: (inout AuthorizedKeys) -> Void
    ) throws {
        for (index, file) in files.enumerated() {
            var content = file.content
            change(&content)
            if content == file.content { continue }
            try RemoteAuthorizedKeys.write(content, to: file.path, before: file.content, over: connection, on: instance)
            files[index].content = content
        }
    }

    /// Adds a key behind its predecessor, with the same options, or else at the end of the first file.
    ///
    /// - Throws: as ``update(over:on:_:)``.
    mutating func add(
        _ key: PublicKey,
        comment: String,
        inPlaceOf predecessor: PublicKey?,
        over connection: borrowing Connection,
        on instance: Instance
    ) throws {
        let index = files.firstIndex { file in predecessor.map(file.content.contains) == true }
        if index == nil && files.isEmpty {
            var content = AuthorizedKeys([])
            content.add(key, comment: comment)
            let path = RemoteAuthorizedKeys.paths[0]
            try RemoteAuthorizedKeys.write(content, to: path, before: nil, over: connection, on: instance)
            files.append((path, content))
            return
        }
        let file = files[index ?? 0]
        var content = file.content
        content.add(key, comment: comment, inPlaceOf: predecessor)
        try RemoteAuthorizedKeys.write(content, to: file.path, before: file.content, over: connection, on: instance)
        files[index ?? 0].content = content
    }

    /// The next line, taken from the front; nil at the end.
    private static func line(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { bytes = bytes[(end + 1)...] }
        return String(terminalSafe: bytes[..<end])
    }

    /// Puts a file in the place of the one before, by renaming.
    ///
    /// - Parameter before: what must be there; nil for nothing.
    private static func write(
        _ content: AuthorizedKeys,
        to path: String,
        before: AuthorizedKeys?,
        over connection: borrowing Connection,
        on instance: Instance
    ) throws {
        let script = RemoteScript { mark in writeScript(content, path: path, before: before, mark: mark) }
        var answer = try script.run(over: connection, on: instance)[...]
        switch line(&answer) {
        case "done": return
        case "changed": throw Changed()
        case let words: throw RemoteScript.failure(words ?? "", "did not change its authorized_keys", instance)
        }
    }

    /// All of it stands in functions, and the last line calls them: a script that arrives cut off does nothing.
    ///
    /// The draft begins as a copy of the file, so that it has the same owner, mode, extended attributes and SELinux
    /// context; then its content is replaced, checked by its size, synced, and renamed. A lock on the folder keeps two of
    /// these apart, and lets the second remove what the first left behind if it was killed.
    private static func writeScript(
        _ content: AuthorizedKeys,
        path: String,
        before: AuthorizedKeys?,
        mark: String
    ) -> [UInt8] {
        let new = content.bytes
        let old = before?.bytes ?? []
        // A here-document always ends with a newline.
        let lacksEnd = !old.isEmpty && old.last != UInt8(ascii: "\n")
        func document(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
            let end = bytes.isEmpty || bytes.last == UInt8(ascii: "\n") ? "" : "\n"
            return Array("\(name)() { cat <<'\(mark)'\n".utf8) + bytes + Array("\(end)\(mark)\n}\n".utf8)
        }
        let functions = """
            LC_ALL=C; export LC_ALL; umask 077
            fail() { echo "\(mark) ${2:-failed} $1"; exit 1; }
            shown() { cat "$1"; \(lacksEnd ? "echo; " : "")echo .; }
            attributes() { ls -lnd "$1" | { read -r mode links user group rest; echo "$mode $user $group"; }; }
            is_same() { [ "$(shown "$1")" = "$(old; echo .)" ]; }
            replace() {
                is_locked=
                cd "$HOME" || fail 'cannot enter the home folder'
                file=\(path)
                if [ ! -d .ssh ]; then mkdir -m 700 .ssh || fail 'cannot make .ssh'; fi
                if [ -L "$file" ]; then file=$(readlink -f "$file") || fail 'cannot follow the link'; fi
                folder=${file%/*}; draft=$folder/.\(mark)
                if command -v flock >/dev/null 2>&1; then
                    exec 9<"$folder"; tries=20; has_lock=yes
                    # BusyBox's has no time limit of its own; where it does not work, there is no lock, as without it.
                    until flock -n 9 2>/dev/null; do
                        [ $? -eq 1 ] || { has_lock=; break; }
                        tries=$((tries - 1)); [ "$tries" -gt 0 ] || fail 'another program holds the folder'
                        sleep 1
                    done
                    [ -z "$has_lock" ] || rm -f "$folder"/.latchkey-*
                fi
                trap 'rm -f "$draft"' EXIT
                trap 'exit 1' HUP INT TERM PIPE
                if [ -e "$file" ]; then
                    \(before == nil ? "echo '\(mark) changed'; exit 1" : "is_same \"$file\" || { echo '\(mark) changed'; exit 1; }")
                    cp -a "$file" "$draft" 2>/dev/null || why=$(cp -p "$file" "$draft" 2>&1) || fail "$why"
                    chcon --reference="$file" "$draft" 2>/dev/null
                    [ -w "$draft" ] || { chmod u+w "$draft"; is_locked=yes; }
                else
                    \(before == nil ? "(: >\"$draft\") && chmod 600 \"$draft\" || fail 'cannot make a file'" : "echo '\(mark) changed'; exit 1")
                fi
                new >"$draft" || fail 'the file cannot be written'
                size=$(wc -c <"$draft"); [ "$((size))" -eq \(new.count) ] || fail 'its disk is full' full
                [ -z "$is_locked" ] || chmod u-w "$draft"
                [ ! -e "$file" ] || [ "$(attributes "$file")" = "$(attributes "$draft")" ] || fail 'its owner and mode cannot be kept'
                sync "$draft" 2>/dev/null || sync
                \(before == nil ? "[ ! -e \"$file\" ]" : "is_same \"$file\"") || { echo '\(mark) changed'; exit 1; }
                mv -f "$draft" "$file" || fail 'the file cannot be replaced'
                sync "$folder" 2>/dev/null
                echo '\(mark) done'
            }

            """
        return Array(functions.utf8) + document("old", old) + document("new", new) + Array("replace\n".utf8)
    }
}
