// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyOperations
internal import LatchkeySQLite
internal import LatchkeyServer
internal import LatchkeySystem

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make certificates and the first access key, and show an AWS profile to paste.",
        discussion: """
            Run again, it shows the profile again. With another --name it makes a new certificate, for the former names too; \
            --remove-name takes one away. The authority stays, and so does the access key. An authority that was made with \
            --name certifies those names, names below them and private addresses only. latchkeyd renews its certificate by \
            itself.
            """
    )

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("A name or address that clients and agents know this machine by.", valueName: "host")
    )
    var names: [String] = []

    @Option(
        name: .customLong("remove-name"),
        help: ArgumentHelp("A name or address that this machine is known by no more.", valueName: "host")
    )
    var removedNames: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Write the profile to the files of the AWS tools, ~/.aws/config and ~/.aws/credentials, instead of showing it.",
            discussion: "What else is in them stays; a copy of a file that is changed is kept beside it."
        )
    )
    var writeProfile = false

    @Option(help: "The port that the server will listen on, 8443 unless it was another one before.")
    var port: Int?

    @Option(help: "The region that clients name, 'local' unless it was another one before; any word will do.")
    var region: String?

    func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port must be 1 to 65535") }
    }

    func run() throws {
        let folders = StateFolders.current
        let store = try folders.store()
        let authority = AccessKeys(store: store, key: try folders.masterKey(of: store))
        let certificates = Certificates(folders)
        let given = try names.map { try Names.address($0) }
        var server = try LocalServer.read(folders)
        let isFirst = !certificates.exist
        let isNew = isFirst || !given.isEmpty || !removedNames.isEmpty
        var name = given.first ?? server?.name
        if isNew {
            let former = isFirst ? [] : try Init.formerNames(certificates)
            try Init.check(removedNames, among: former + given)
            let kept = former.filter { !given.contains($0) && !removedNames.contains($0) }
            try certificates.make(names: given, and: kept + Init.ownNames)
            if let old = name, removedNames.contains(old) {
                name = (given + kept).first { !Init.ownNames.contains($0) }
            }
        }
        let known = server
        if let known, try store.accessKey(known.accessKeyID) == nil { server = nil }
        let port = port ?? known?.port ?? LocalServer.port
        let region = region ?? known?.region ?? "local"
        let host = name ?? "127.0.0.1"
        let endpoint = "https://\(HostText.endpoint(host, port))"
        if server == nil {
            let (key, secret) = try authority.make(userName: Environment.userName, isAdmin: true)
            server = LocalServer(
                endpoint: "",
                region: region,
                authorities: nil,
                accessKeyID: key.id,
                secretAccessKey: secret
            )
        }
        server?.endpoint = "https://127.0.0.1:\(port)"
        server?.region = region
        server?.authorities = certificates.authorityPath
        server?.name = name
        try server?.write(folders)
        guard let server else { return }
        let profile = AWSProfile(
            name: "latchkey",
            endpoint: endpoint,
            authorities: certificates.authorityPath,
            server: server
        )
        if writeProfile {
            for change in try profile.write(to: AWSFiles.current) { Console.note("latchkeyd: \(change)") }
        } else {
            try Output.write(profile.text)
        }
        Console.note(
            "latchkeyd: the authority's certificate, for agents and clients elsewhere: \(certificates.authorityPath)"
        )
        guard isNew || self.port != nil else { return }
        let listen = name == nil ? "" : " --listen 0.0.0.0:\(port)"
        Console.note(
            "latchkeyd: start it\(isFirst ? "" : " again if it runs\(isNew ? ", with a new certificate" : "")"): latchkeyd run\(listen)"
        )
    }

    /// What each certificate is for.
    private static var ownNames: [String] { ["localhost", "127.0.0.1", "::1", Environment.hostName] }

    private static func formerNames(_ certificates: Certificates) throws -> [String] {
        do { return try certificates.names() } catch let error as LatchkeyError {
            Console.note("latchkeyd: note: the names of the former certificate are not kept: \(error.message)")
            return []
        }
    }

    private static func check(_ removed: [String], among names: [String]) throws {
        guard let wrong = removed.first(where: { !names.contains($0) || ownNames.contains($0) }) else { return }
        let rest = names.filter { !ownNames.contains($0) }.map { "'\($0.terminalSafe)'" }
        throw LatchkeyError(
            .usage,
            ownNames.contains(wrong)
                ? "'\(wrong.terminalSafe)' is this machine's own name, which every certificate is for"
                : "the certificate is not for '\(wrong.terminalSafe)'",
            hint: rest.isEmpty ? "there is no name to remove" : "it can lose \(rest.joined(separator: ", "))"
        )
    }
}
