// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeyTransport

/// A container engine, asked over its socket in the Docker Engine API (version 1.41). Each function waits for the answer.
package struct DockerEngine: Sendable {
    /// The standard place of the socket.
    package static let standardSocket = "/var/run/docker.sock"
    private static let version = "v1.41"
    /// Milliseconds for an answer; a stop waits for the container.
    private static let timeout = 60_000

    let socket: String

    /// - Parameter socket: its path.
    package init(socket: String) { self.socket = socket }

    /// A container as the engine lists it.
    struct Container: Decodable {
        var id: String
        /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
        var state: String
        var labels: [String: String]?
        private var settings: Settings?

        private struct Settings: Decodable {
            struct Network: Decodable { var IPAddress: String? }
            var Networks: [String: Network]?
        }

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case state = "State"
            case labels = "Labels"
            case settings = "NetworkSettings"
        }

        /// Those that it has on the engine's networks; none while it does not run.
        var addresses: [String] { settings?.Networks?.values.compactMap(\.IPAddress).filter { !$0.isEmpty } ?? [] }

        var runs: Bool { ["running", "restarting", "paused"].contains(state) }
    }

    struct Image: Decodable {
        /// `sha256:…`.
        var id: String
        var tags: [String]?
        /// Seconds since 1970.
        var created: Double
        var labels: [String: String]?

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case tags = "RepoTags"
            case created = "Created"
            case labels = "Labels"
        }
    }

    /// What a container is made of.
    struct Specification: Encodable {
        struct Host: Encodable {
            struct Binding: Encodable {
                var HostIp: String
                var HostPort: String
            }

            struct Log: Encodable {
                /// Bytes.
                static let fileLimit = 4_000_000

                var `Type` = "json-file"
                var Config = ["max-size": "\(fileLimit)", "max-file": "2"]
            }

            var PortBindings: [String: [Binding]]
            var Binds: [String]
            /// A process that reaps what sessions leave behind.
            var Init = true
            /// The console: readable whatever the engine does by itself, and never more than so much.
            var LogConfig = Log()
            /// So that no instance can take another's address on the network they share.
            var CapDrop = ["NET_RAW"]
        }

        var Image: String
        var Hostname: String
        var Env: [String]
        var Labels: [String: String]
        var ExposedPorts: [String: [String: String]]
        var HostConfig: Host
    }

    // MARK: Questions

    /// - Throws: `LatchkeyError` if the engine cannot be asked.
    private func ask(
        _ method: String,
        _ path: String,
        _ body: [UInt8] = [],
        accepts: Set<Int> = [200]
    ) throws(LatchkeyError) -> HTTPResponse {
        let response: HTTPResponse
        do throws(TransportError) {
            let address = try ServerAddress(url: "http://docker/\(DockerEngine.version)\(path)")
            let request = HTTPRequest(method, address, headers: [("Content-Type", "application/json")], body: body)
            response = try HTTPExchange.perform(request, unixSocket: socket, timeout: DockerEngine.timeout)
        } catch {
            throw LatchkeyError(
                .fileUnusable,
                "the container engine at '\(socket.terminalSafe)' cannot be asked: \(error.message)",
                hint: "does dockerd run, and may this user use its socket?"
            )
        }
        guard accepts.contains(response.status) else {
            let message = (try? JSONDecoder().decode([String: String].self, from: Data(response.body)))?["message"]
            throw LatchkeyError(
                .requestRefused,
                "the container engine says: \((message ?? response.excerpt).terminalSafe)"
            )
        }
        return response
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws(LatchkeyError) -> Value {
        let response = try ask("GET", path)
        do { return try JSONDecoder().decode(type, from: Data(response.body)) } catch {
            throw LatchkeyError(.requestRefused, "the container engine's answer is not understood")
        }
    }

    /// The address at which containers on the engine's standard network reach this machine.
    ///
    /// - Throws: `LatchkeyError`, also if the engine's networks are not on this machine.
    package func hostAddress() throws(LatchkeyError) -> String {
        struct Information: Decodable { var SecurityOptions: [String]? }
        let security = try read(Information.self, "/info").SecurityOptions ?? []
        guard !security.contains("name=rootless") else {
            throw LatchkeyError(
                .configurationInvalid,
                "the container engine at '\(socket.terminalSafe)' is rootless: its instances cannot reach this machine",
                hint:
                    "--docker-socket names that of an engine that runs as root, such as \(DockerEngine.standardSocket)"
            )
        }
        return try read(EngineNetwork.self, "/networks/bridge").hostAddress(among: EngineNetwork.localAddresses())
    }

    func images() throws(LatchkeyError) -> [Image] { try read([Image].self, "/images/json") }

    /// All containers with a label, those that do not run included.
    func containers(label: String) throws(LatchkeyError) -> [Container] {
        let filters = PercentEncoding.encode("{\"label\":[\"\(label)\"]}".utf8)
        return try read([Container].self, "/containers/json?all=1&filters=\(filters)")
    }

    /// Whether a container was ever started; nil if there is none.
    func hasRun(_ container: String) throws(LatchkeyError) -> Bool? {
        struct Inspection: Decodable {
            struct State: Decodable { var Status: String }
            var State: State
        }
        let response = try ask("GET", "/containers/\(container)/json", accepts: [200, 404])
        guard response.status == 200 else { return nil }
        do {
            return try JSONDecoder().decode(Inspection.self, from: Data(response.body)).State.Status != "created"
        } catch {
            throw LatchkeyError(.requestRefused, "the container engine's answer is not understood")
        }
    }

    // MARK: Orders

    /// - Returns: the container's id.
    func create(_ specification: Specification, name: String) throws(LatchkeyError) -> String {
        struct Created: Decodable { var Id: String }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let body: [UInt8]
        do { body = Array(try encoder.encode(specification)) } catch {
            throw LatchkeyError(.requestRefused, "the container cannot be described: \("\(error)".terminalSafe)")
        }
        let response = try ask("POST", "/containers/create?name=\(name)", body, accepts: [201])
        guard let created = try? JSONDecoder().decode(Created.self, from: Data(response.body)) else {
            throw LatchkeyError(.requestRefused, "the container engine's answer is not understood")
        }
        return created.Id
    }

    /// 304: it runs already.
    ///
    /// - Returns: false if there is no such container.
    func start(_ container: String) throws(LatchkeyError) -> Bool {
        try ask("POST", "/containers/\(container)/start", accepts: [204, 304, 404]).status != 404
    }

    /// - Parameter timeout: seconds until it is killed.
    /// - Returns: false if there is no such container.
    func stop(_ container: String, timeout: Int) throws(LatchkeyError) -> Bool {
        try ask("POST", "/containers/\(container)/stop?t=\(timeout)", accepts: [204, 304, 404]).status != 404
    }

    /// - Returns: false if there is no such container.
    func restart(_ container: String) throws(LatchkeyError) -> Bool {
        try ask("POST", "/containers/\(container)/restart?t=5", accepts: [204, 404]).status != 404
    }

    /// 404: it is gone already; 409: another client removes it at this moment.
    func remove(_ container: String) throws(LatchkeyError) {
        _ = try ask("DELETE", "/containers/\(container)?force=1&v=1", accepts: [204, 404, 409])
    }

    /// What a container has written, its two streams together.
    struct Log {
        var text: [UInt8] = []
        /// Whether it is there from the container's first start on.
        var isWhole = true
    }

    /// The end of what a container has written.
    func log(of container: String, lines: Int) throws(LatchkeyError) -> Log {
        let body = try ask("GET", "/containers/\(container)/logs?stdout=1&stderr=1&tail=\(lines)").body
        // Frames of a stream's number, three zeros, the length in network order and the bytes.
        var log = Log()
        var (frames, stored) = (0, 0)
        var rest = body[...]
        while rest.count >= 8 {
            let length = rest.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            log.text += rest.dropFirst(8).prefix(length)
            rest = rest.dropFirst(8 + length)
            // At the most, in the engine's file: each byte as \\u0000, with the stream's name and the time.
            (frames, stored) = (frames + 1, stored + 6 * length + 160)
        }
        // A file that was full is begun anew, and what stood in it is dropped by and by.
        log.isWhole = frames < lines && stored < Specification.Host.Log.fileLimit
        return log
    }
}
