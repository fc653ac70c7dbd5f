// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyControl
internal import LatchkeyModel
internal import LatchkeyServer
internal import LatchkeyTerminal

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make certificates and the first access key, and show an AWS profile to paste.",
        discussion: """
            Run again, it shows the profile again. With other names it makes a new certificate; the authority stays, and so does \
            the access key. An authority that was made with --name certifies those names, names below them and private addresses \
            only. latchkeyd renews its certificate by itself.
            """
    )

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("A name or address that clients and agents know this machine by.", valueName: "host")
    )
    var names: [String] = []

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
        let isNew = isFirst || !given.isEmpty
        if isNew {
            try certificates.make(names: given, and: ["localhost", "127.0.0.1", "::1", Environment.hostName])
        }
        let known = server
        if let known, try store.accessKey(known.accessKeyID) == nil { server = nil }
        let port = port ?? known?.port ?? LocalServer.port
        let region = region ?? known?.region ?? "local"
        let name = given.first ?? known?.name
        let host = name ?? "127.0.0.1"
        let endpoint = "https://\(HostText.place(host, port))"
        if server == nil {
            let (key, secret) = try authority.make(userName: Environment.userName)
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
        guard isNew || self.port != nil else { return }
        let listen = name == nil ? "" : " --listen 0.0.0.0:\(port)"
        Console.note(
            "latchkeyd: start it\(isFirst ? "" : " again if it runs\(isNew ? ", with a new certificate" : "")"): latchkeyd run\(listen)"
        )
    }
}
