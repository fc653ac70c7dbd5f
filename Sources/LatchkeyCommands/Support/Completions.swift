// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite

/// Names for the shell to complete. A store that cannot be read completes nothing.
enum Completions {
    static func instances(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        let plane = plane(words)
        return data((try? plane?.names(beginningWith: prefix, limit: 1000)) ?? [])
    }

    static func keys(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        guard let pairs = try? plane(words)?.keyPairs() else { return [] }
        return data(pairs.map(\.name))
    }

    static func profiles(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        data(RemoteProfiles.names().filter { $0.hasPrefix(prefix) })
    }

    /// Names as the shell that asks takes them for nothing but names. A user who may name a profile, an instance or a key pair
    /// would otherwise have a person run commands by pressing TAB.
    private static func data(_ names: [String]) -> [String] {
        // A line is a name, and what is shown of it is all of it.
        let names = names.filter { !$0.isEmpty && $0.isTerminalSafe }.sorted { $0.naturallyPrecedes($1) }
        switch CompletionShell.requesting {
        // `compgen -W` reads words as they stand on a command line, and expands them. What it then puts on the line is quoted,
        // but for what could be a variable's or a command's.
        case .bash?: return names.filter { !$0.utf8.contains { "$`".utf8.contains($0) } }.map(RemoteCommand.quoted)
        // `_describe` takes what is behind a colon for a description.
        case .zsh?: return names.map { $0.replacing("\\", with: "\\\\").replacing(":", with: "\\:") }
        case .fish?: return names
        default: return names.filter { RemoteCommand.quoted($0) == $0 }
        }
    }

    /// The control plane that the line so far is about. The user is not asked for a code while a shell completes.
    private static func plane(_ words: [String]) -> (any ControlPlane)? {
        func value(_ name: String) -> String? {
            words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
                ?? words.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        let choice = RemoteSelection.made(
            profile: value("--profile"),
            region: value("--region"),
            endpointURL: value("--endpoint-url"),
            allowsCleartext: words.contains("--insecure")
        )
        let access = ControlAccess(.current, words.contains("--local") ? nil : choice, askCode: nil) { _ in }
        return try? access.plane()
    }
}
