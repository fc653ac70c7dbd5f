// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyServer
internal import LatchkeyTerminal

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make certificates and the first access key, and show an AWS profile to paste.",
        discussion: """
            Run again with other names, it makes a new certificate; the authority stays, and so does the access key.
            """
    )

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("A name or address that clients and agents know this machine by.", valueName: "host")
    )
    var names: [String] = []

    @Option(help: "The port that the server will listen on.")
    var port = 8443

    @Option(help: "The region that clients name; any word will do.")
    var region = "local"

    func validate() throws {
        if !(1...65535).contains(port) { throw ValidationError("--port must be 1 to 65535") }
    }

    func run() throws {
        let folders = StateFolders.current
        let store = try folders.store()
        let authority = AccessKeys(store: store, key: try MasterKey(file: folders.masterKeyPath))
        let certificates = Certificates(folders)
        let isFirst = !certificates.exist
        let given = try names.map { try Names.address($0) }
        let all = given + ["localhost", "127.0.0.1", "::1", Environment.hostName]
        try certificates.make(names: all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
        var server = try LocalServer.read(folders)
        if let known = server, try store.accessKey(known.accessKeyID) == nil { server = nil }
        let host = given.first ?? "127.0.0.1"
        let endpoint = "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        if var known = server {
            known.endpoint = "https://127.0.0.1:\(port)"
            known.region = region
            known.authorities = certificates.authorityPath
            try known.write(folders)
        } else {
            let (key, secret) = try authority.make(userName: Environment.userName)
            server = LocalServer(
                endpoint: "https://127.0.0.1:\(port)",
                region: region,
                authorities: certificates.authorityPath,
                accessKeyID: key.id,
                secretAccessKey: secret
            )
            try server?.write(folders)
        }
        guard let server else { return }
        try Output.write(
            """
            # for ~/.aws/config
            [profile latchkey]
            region = \(region)
            endpoint_url = \(endpoint)
            ca_bundle = \(certificates.authorityPath)

            # for ~/.aws/credentials
            [latchkey]
            aws_access_key_id = \(server.accessKeyID)
            aws_secret_access_key = \(server.secretAccessKey)
            """
        )
        Console.note(
            "latchkeyd: the authority's certificate, for agents and clients elsewhere: \(certificates.authorityPath)"
        )
        let listen = given.isEmpty ? (port == 8443 ? "" : " --listen 127.0.0.1:\(port)") : " --listen 0.0.0.0:\(port)"
        Console.note(
            "latchkeyd: start it\(isFirst ? "" : " again if it runs, with a new certificate"): latchkeyd run\(listen)"
        )
    }
}
