// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyBroker
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyRemote
internal import LatchkeySQLite
internal import LatchkeySystem

/// The control plane that a command works with, and the relay beside it.
struct ControlAccess: Sendable {
    let home: Home
    /// Whether the embedded control plane is meant.
    let isLocal: Bool
    private let found: Result<RemoteControlPlane?, any Error>

    /// Nil for the embedded control plane.
    ///
    /// - Throws: `configurationInvalid`, `fileUnusable`, and what opening the store throws: here, and not before, so that a
    ///   profile that is not there any more is no matter for what asks for none.
    var remote: RemoteControlPlane? { get throws { try found.get() } }

    /// - Parameters:
    ///   - askCode: asks the person for the code of a device; nil where no person is there.
    ///   - note: tells the person something beside a command's output.
    init(
        _ home: Home,
        _ choice: RemoteSelection?,
        askCode: (@Sendable (String) throws -> String)?,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.home = home
        isLocal = choice == nil
        found = Result {
            try choice.map { choice in
                try ControlAccess.remote(home, choice, askCode: askCode, note: note)
            }
        }
    }

    private static func remote(
        _ home: Home,
        _ choice: RemoteSelection,
        askCode: (@Sendable (String) throws -> String)?,
        note: @escaping @Sendable (String) -> Void
    ) throws -> RemoteControlPlane {
        let settings = try RemoteSettings(choice)
        // Answers and temporary credentials are kept there; whether it is there is the cache's own matter.
        try StateFile.checkFolder(home.folders.cache)
        let keeper = CachingCredentialProvider(
            CredentialChain(settings, cacheFolder: home.folders.cache, askCode: askCode)
        )
        return RemoteControlPlane(
            try RemoteService(settings, keeper),
            // What is pinned has to be there the next time, wherever there is a place for it.
            notes: try home.canRemember ? home.store() : home.storeToRead(),
            cacheFolder: home.folders.cache,
            note: note
        )
    }

    /// - Throws: what opening the store throws.
    func plane() throws -> any ControlPlane { try remote ?? home.storeToRead() }

    /// - Returns: nil if none is known.
    func relay() throws -> RelayClient? {
        guard let remote = try remote else { return try home.relay() }
        return RelayClient(
            remote.service.sessions,
            instanceConnect: remote.service.instanceConnect,
            documents: remote.service.isAmazon ? .amazon : .latchkey
        )
    }

    /// - Throws: `relayUnreachable` if none is known, and what looking for credentials throws.
    func requireRelay() throws -> RelayClient {
        try remote?.service.signIn()
        guard let relay = try relay() else { throw LatchkeyError.noRelay() }
        return relay
    }

    /// What changes instances and key pairs at a server.
    ///
    /// - Throws: `usage` on AWS, `controlPlaneUnreachable` if this home has no latchkeyd.
    func operations() throws -> EC2Operations {
        if let remote = try remote { return try remote.operations() }
        guard let server = try home.server() else {
            throw LatchkeyError(
                .controlPlaneUnreachable,
                "instances are launched by a latchkeyd, and this home has none",
                hint: "latchkeyd init && latchkeyd run --docker"
            )
        }
        return EC2Operations(server)
    }

    /// What registers a public key of this name at the remote control plane; nil where it is the embedded one.
    ///
    /// - Throws: `keyExists` if there is one of that name, `usage` on AWS.
    func registration(
        of name: String
    ) throws -> ((PublicKey, Tags) throws -> (id: String, fingerprint: String))? {
        guard let remote = try remote else { return nil }
        let operations = try operations()
        if try remote.keyPair(named: name) != nil { throw LatchkeyError.keyExists(name) }
        return { key, tags in try operations.importKeyPair(name, key, tags: tags) }
    }

    func broker(_ plane: any ControlPlane, _ trace: Trace, _ keyring: Keyring? = nil) throws -> Broker {
        let interaction = TerminalInteraction()
        return Broker(
            control: plane,
            library: try home.library(home.agent),
            agent: home.agent,
            directory: home.keys,
            relay: try relay(),
            keyring: try keyring ?? Keyring(interaction),
            interaction: interaction,
            trace: trace
        )
    }
}
