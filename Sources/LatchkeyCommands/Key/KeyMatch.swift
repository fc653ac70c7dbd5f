// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySSH
internal import LatchkeySystem
internal import LatchkeyTerminal

struct KeyMatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Find the private key that a fingerprint, public key or instance belongs to.",
        discussion: """
            WHAT is a fingerprint of any kind (as EC2, OpenSSH or PuTTY show it), a public key (its line, or a file), a \
            key pair, or an instance. Ends with 1 if no key here is it.
            """
    )

    @Argument(help: "A fingerprint, public key, key pair or instance.", completion: .custom(Completions.keys))
    var what: String

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var show: ShowOptions
    @OptionGroup(title: "Control plane") var control: ControlOptions

    private struct Report: Encodable {
        struct Match: Encodable {
            let key: String
            /// `file` or `agent`.
            let source: String
            let type: String
            let sha256: String
            let keyPairs: [String]
            let reason: String
        }

        /// What was understood: `fingerprint`, `publicKey`, `keyPair` or `instance`.
        let searched: String
        let meaning: String
        let matches: [Match]
        /// Keys that could be it: only their passphrases would tell.
        let undecided: [String]
    }

    func run() throws {
        let access = control.access()
        let home = access.home
        let library = try home.library(home.agent)
        let search = try search(access)
        var found: [KeyMatches.Found] = []
        var undecided: [KeyCandidate] = []
        for part in search.parts {
            let matches = part.matches(library)
            found += matches.found.filter { match in !found.contains { $0.candidate == match.candidate } }
            undecided += matches.undecided
        }
        let pairs = keyPairs(access)
        let report = Report(
            searched: search.kind,
            meaning: search.meaning,
            matches: found.map { match(of: $0, search, pairs) },
            undecided: undecided.compactMap(\.path)
        )
        switch show.output {
        case .json: try Output.print(json: report)
        case .table: try tell(report)
        }
        if report.matches.isEmpty { throw ExitCode(1) }
    }

    /// Whose they are is told besides; what is asked for by a file or fingerprint is found without.
    private func keyPairs(_ access: ControlAccess) -> [KeyPair] {
        do { return try access.plane().keyPairs() } catch {
            Console.note(
                "latchkey: note: key pairs are not looked at: \((error as? LatchkeyError)?.message ?? "\(error)".terminalSafe)"
            )
            return []
        }
    }

    private func match(of found: KeyMatches.Found, _ search: KeyAuthenticator, _ pairs: [KeyPair]) -> Report.Match {
        let key = found.candidate.publicKey
        return Report.Match(
            key: found.candidate.name,
            source: found.candidate.path == nil ? "agent" : "file",
            type: key?.typeAndSize ?? "-",
            sha256: key.map(Fingerprint.openSSH) ?? "-",
            keyPairs: pairs.filter { $0.publicKey == key }.map(\.name),
            reason: found.kind.map(KeyMatch.message) ?? search.reason
        )
    }

    private func tell(_ report: Report) throws {
        let lines = report.matches.flatMap { match in
            [
                match.key.terminalSafe + (match.source == "agent" ? " (ssh-agent)" : ""),
                "  \(match.type) \(match.sha256)"
                    + (match.keyPairs.isEmpty
                        ? "" : ", key pair '\(match.keyPairs.joined(separator: "', '"))'".terminalSafe),
                "  \(match.reason)",
            ]
        }
        if !lines.isEmpty { Output.print(lines.joined(separator: "\n")) }
        if report.matches.isEmpty {
            Console.note("latchkey: no private key here is it: it is \(report.meaning)")
            if !report.undecided.isEmpty {
                let names = report.undecided.prefix(5).map { "'\($0.terminalSafe)'" }.joined(separator: ", ")
                let rest = report.undecided.count > 5 ? " and \(report.undecided.count - 5) more" : ""
                Console.note("latchkey: hint: only their passphrases would tell: \(names)\(rest)")
                Console.note("latchkey: hint: latchkey key fingerprint --unlock FILE asks for one")
            }
        }
    }

    // MARK: What is looked for

    private enum Part {
        case fingerprint(FingerprintQuery)
        case key(PublicKey)

        func matches(_ library: KeyLibrary) -> KeyMatches {
            switch self {
            case .fingerprint(let query): library.matches(query)
            case .key(let key): library.matches(key)
            }
        }
    }

    private struct KeyAuthenticator {
        let kind: String
        let parts: [Part]
        let meaning: String
        /// Why a key that holds the public half is it.
        let reason: String
    }

    private func search(_ access: ControlAccess) throws -> KeyAuthenticator {
        if let query = FingerprintQuery(what) {
            return KeyAuthenticator(
                kind: "fingerprint",
                parts: [.fingerprint(query)],
                meaning: query.meaning,
                reason: ""
            )
        }
        if let text = try? PublicKeyText(reading: what) { return search(text.key) }
        let isPath = what.contains("/") || !access.isLocal && InputFile.exists(what)
        if !isPath, let pair = try access.plane().keyPair(named: what) {
            let meaning = "the key pair '\(pair.name.terminalSafe)', \(KeyMatch.call(pair.publicKey))"
            return KeyAuthenticator(
                kind: "keyPair",
                parts: [.key(pair.publicKey)],
                meaning: meaning,
                reason: "it is \(meaning)"
            )
        }
        if isPath || InputFile.exists(what) {
            switch try KeySource(what) {
            case .publicKey(let text): return search(text.key)
            case .privateKey(let candidate):
                guard let key = candidate.publicKey else {
                    return search(try PrivateKeyLoader.open(what, passphrase: passphrase.source).key.publicKey)
                }
                return search(key)
            }
        }
        let store = try access.plane()
        return try search(store, instance: try instance(store))
    }

    private func instance(_ store: any ControlPlane) throws -> Instance {
        do { return try store.instance(named: what) } catch let error as LatchkeyError
            where error.code == .instanceNotFound || error.code == .usage
        {
            throw LatchkeyError(
                error.code,
                "'\(what.terminalSafe)' is not a fingerprint, public key, key pair or instance",
                hint: "fingerprints look like 2b:c7:d0:…, SHA256:… or the base64 that EC2 shows"
            )
        }
    }

    private func search(_ key: PublicKey) -> KeyAuthenticator {
        KeyAuthenticator(
            kind: "publicKey",
            parts: [.key(key)],
            meaning: "the public half of a key, \(KeyMatch.call(key))",
            reason: "it holds that public half"
        )
    }

    private func search(_ store: any ControlPlane, instance: Instance) throws -> KeyAuthenticator {
        let registered = try instance.keyName.flatMap { try store.keyPair(named: $0) }
        let users = Set([instance.user, Environment.userName].compactMap { $0 })
        let accepted = try users.compactMap { try store.acceptedKey(of: instance.id, user: $0) }
        let keys = [registered?.publicKey].compactMap { $0 } + accepted
        guard !keys.isEmpty else {
            throw LatchkeyError(
                .noKeyFits,
                "no key is known to fit '\(instance.displayName)': it names no registered key pair, and was not "
                    + "entered yet",
                hint: "latchkey explain '\(instance.displayName)' asks it about the keys here"
            )
        }
        return KeyAuthenticator(
            kind: "instance",
            parts: keys.map(Part.key),
            meaning: "the key of the instance '\(instance.displayName)', "
                + keys.map(KeyMatch.call).joined(separator: " or "),
            reason: "it is registered for '\(instance.displayName)', or opened it before"
        )
    }

    private static func call(_ key: PublicKey) -> String { "\(key.typeAndSize) \(Fingerprint.openSSH(key))" }

    private static func message(_ kind: FingerprintKind) -> String {
        switch kind {
        case .pkcs8SHA1: "the fingerprint is the SHA-1 of its private half: EC2 made this key"
        case .spkiMD5: "the fingerprint is the MD5 of its public half as EC2 takes it: the key was imported there"
        case .wireSHA256: "the fingerprint is the SHA-256 of its public half"
        case .wireMD5: "the fingerprint is the MD5 of its public half, as OpenSSH and PuTTY showed it in former times"
        case .bubbleBabble: "the words are those of its public half's SHA-1"
        }
    }
}
