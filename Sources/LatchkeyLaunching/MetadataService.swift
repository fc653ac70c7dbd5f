// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyModel
package import LatchkeyOperations
package import LatchkeyStore
internal import LatchkeySystem
package import Logging
internal import NIOHTTP1
internal import Synchronization

/// The instance metadata service, version 2 (EC2 User Guide, "Instance metadata"): tells an instance who it is, by the address
/// from which it asks. A token is asked for first, and is good for that instance alone.
package final class MetadataService: RequestResponder {
    /// What instances register their agents with.
    package struct Setting: Sendable {
        /// Where they reach this server, and a file of certificates to trust.
        var endpoint: String
        var authorities: String
        var region: String

        package init(endpoint: String, authorities: String, region: String) {
            self.endpoint = endpoint
            self.authorities = authorities
            self.region = region
        }
    }

    private static let tokenHeader = "x-aws-ec2-metadata-token"
    private static let lifetimeHeader = "x-aws-ec2-metadata-token-ttl-seconds"
    /// Seconds that a token may live, as at EC2.
    private static let lifetimes = 1...21_600
    /// Seconds that an activation is good for, and after its start in which an instance is given one.
    private static let activationLifetime = 900.0
    /// Seconds that an activation is good for at the least when it is given once more.
    private static let margin = 120.0

    private let store: any ServerStore
    private let launcher: DockerLauncher
    private let pool: BlockingPool
    private let setting: Setting
    private let log: Logger
    private let tokens: any MetadataTokens

    /// What an instance was given to register with. It is given again as long as it is good: asking changes nothing.
    struct Offer {
        var activation: Activation
        var code: String
    }

    private let offers = Mutex<[Instance.ID: Offer]>([:])

    package init(
        store: any ServerStore,
        launcher: DockerLauncher,
        pool: BlockingPool,
        setting: Setting,
        tokens: any MetadataTokens = LocalMetadataTokens(),
        log: Logger
    ) {
        self.tokens = tokens
        self.store = store
        self.launcher = launcher
        self.pool = pool
        self.setting = setting
        self.log = log
    }

    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse {
        MetadataService.status(.payloadTooLarge)
    }

    func hasCredentials(_ request: IncomingRequest) -> Bool { false }

    func namesSigner(_ request: IncomingRequest) -> Bool { false }

    func isAuthenticated(head request: IncomingRequest) async -> Bool { false }

    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer {
        .refuse(.text(.notFound, "there is no channel here"))
    }

    func respond(to request: IncomingRequest) async -> OutgoingResponse {
        // A proxy inside an instance must not be made to ask for others.
        guard let source = request.source, !request.headers.contains(name: "X-Forwarded-For") else {
            return MetadataService.status(.forbidden)
        }
        do {
            switch (request.method, request.path) {
            case ("PUT", "/latest/api/token"):
                // The engine knows whose address it is at this moment; what was noted of it could be another's by now.
                let known = try await pool.run { [launcher] in try launcher.instance(atContainerAddress: source) }
                guard let id = known else { return MetadataService.status(.notFound) }
                return token(for: id, at: source, request)
            case ("GET", _), ("HEAD", _):
                guard let token = request.headers.first(name: MetadataService.tokenHeader),
                    let id = tokens.owner(of: token, at: source)
                else { return MetadataService.status(.unauthorized) }
                let text = try await pool.run { [self] in try answer(request.path, id, source) }
                return text.map { OutgoingResponse(.ok, type: "text/plain", $0) } ?? MetadataService.status(.notFound)
            default: return MetadataService.status(.methodNotAllowed)
            }
        } catch {
            log.error("metadata", metadata: ["path": "\(request.path)", "error": "\(error)"])
            return MetadataService.status(.internalServerError)
        }
    }

    private static func status(_ status: HTTPResponseStatus) -> OutgoingResponse {
        OutgoingResponse(status, type: "text/plain", "\(status.code) - \(status.reasonPhrase)\n".utf8)
    }

    private func token(for id: Instance.ID, at source: String, _ request: IncomingRequest) -> OutgoingResponse {
        guard let text = request.headers.first(name: MetadataService.lifetimeHeader), let lifetime = Int(text),
            MetadataService.lifetimes.contains(lifetime)
        else { return MetadataService.status(.badRequest) }
        let token = tokens.make(for: id, at: source, lifetime: lifetime)
        var response = OutgoingResponse(.ok, type: "text/plain", token.utf8)
        response.headers.add(name: MetadataService.lifetimeHeader, value: String(lifetime))
        return response
    }

    // MARK: What is told

    /// - Returns: nil if there is nothing of that name.
    func answer(_ path: String, _ id: Instance.ID, _ source: String) throws -> [UInt8]? {
        var parts: [String] = []
        for part in path.split(separator: "/") {
            guard let bytes = PercentEncoding.decode(part.utf8, plusIsSpace: false),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            parts.append(text)
        }
        guard let instance = try store.instances(withIDs: [id]).first, let record = try store.launch(of: id),
            parts.first == "latest" || parts.first.map({ $0.count == 10 && $0.hasPrefix("20") }) == true
        else { return parts.isEmpty ? Array("latest".utf8) : nil }
        switch parts.dropFirst().first {
        case nil: return Array("dynamic\nmeta-data\nuser-data".utf8)
        case "user-data": return try store.userData(of: id)
        case "dynamic": return try dynamic(Array(parts.dropFirst(2)), instance, record, source)
        case "latchkey": return try own(Array(parts.dropFirst(2)), id).map { Array($0.utf8) }
        case "meta-data":
            let tree = try metadata(instance, record, source)
            let name = parts.dropFirst(2).joined(separator: "/")
            if let value = tree[name] { return Array(value.utf8) }
            return MetadataService.listing(name, tree).map { Array($0.utf8) }
        default: return nil
        }
    }

    /// The names under a place, those with more under them marked by a slash.
    private static func listing(_ path: String, _ tree: [String: String]) -> String? {
        let prefix = path.isEmpty ? "" : path + "/"
        let names = tree.keys.filter { $0.hasPrefix(prefix) }
            .map { key -> String in
                let rest = key.dropFirst(prefix.count)
                guard let slash = rest.firstIndex(of: "/") else { return String(rest) }
                return String(rest[...slash])
            }
        return names.isEmpty ? nil : Set(names).sorted().joined(separator: "\n")
    }

    private func metadata(_ instance: Instance, _ record: LaunchRecord, _ address: String) throws -> [String: String] {
        let host = "ip-" + address.replacing(".", with: "-") + ".\(setting.region).compute.internal"
        var tree = [
            "ami-id": record.imageID, "ami-launch-index": String(record.launchIndex), "hostname": host,
            "instance-action": "none", "instance-id": instance.id, "instance-life-cycle": "on-demand",
            "instance-type": record.instanceType, "local-hostname": host, "local-ipv4": address,
            "placement/availability-zone": "\(setting.region)a", "placement/region": setting.region,
            "reservation-id": record.reservationID, "services/domain": "amazonaws.com", "services/partition": "aws",
        ]
        for (key, value) in instance.tags where MetadataService.canBePath(key) { tree["tags/instance/\(key)"] = value }
        if let name = instance.keyName, let pair = try store.keyPair(named: name) {
            tree["public-keys/0/openssh-key"] = "\(pair.publicKey.line) \(name)\n"
            // As EC2 lists them: the number, and the pair's name.
            tree["public-keys/"] = "0=\(name)"
            tree["public-keys"] = "0=\(name)"
        }
        return tree
    }

    /// Whether a tag of this key is told (EC2 User Guide, "View tags using instance metadata"): what else may be in a key would be
    /// another path, or several lines of a list.
    static func canBePath(_ key: String) -> Bool {
        let isPlain = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_+=,.@:".utf8.contains(byte)
            }
        }
        return isPlain && ![".", "..", "_index"].contains(key)
    }

    private func dynamic(
        _ path: [String],
        _ instance: Instance,
        _ record: LaunchRecord,
        _ address: String
    ) throws -> [UInt8]? {
        guard path == ["instance-identity", "document"] else {
            return path.isEmpty
                ? Array("instance-identity/".utf8) : path == ["instance-identity"] ? Array("document".utf8) : nil
        }
        let document: [String: String] = [
            "accountId": Principal.account, "architecture": Machine.architecture,
            "availabilityZone": "\(setting.region)a",
            "imageId": record.imageID, "instanceId": instance.id, "instanceType": record.instanceType,
            "pendingTime": record.launched.formatted(.iso8601), "privateIp": address,
            "region": setting.region, "version": "2017-09-30",
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array(try encoder.encode(document))
    }

    /// Latchkey's own: how the instance's agent registers.
    private func own(_ path: [String], _ id: Instance.ID) throws -> String? {
        switch path {
        case ["endpoint"]: return setting.endpoint
        case ["authority"]:
            return try StateFile.read(setting.authorities).map { String(decoding: $0, as: UTF8.self) }
        case ["activation"]:
            // Once the agent was there, nothing in the instance gets another one, nor when it should have been. One whose
            // registration was not answered registers anew.
            let now = Date()
            guard try store.managedInstance(id)?.lastPing == nil, let launched = try store.launch(of: id)?.launched,
                now < launched.addingTimeInterval(MetadataService.activationLifetime)
            else { return nil }
            let offer = try offer(to: id, at: now)
            return "\(offer.activation.id)\n\(offer.code)\n"
        default: return nil
        }
    }

    /// The one that was given before; a new one if there is none, if it was used, or if it is about to expire.
    func offer(to id: Instance.ID, at now: Date) throws -> Offer {
        try offers.withLock { offers in
            if let offer = offers[id], !offer.activation.isExpired(at: now.addingTimeInterval(MetadataService.margin)),
                let known = try store.activation(offer.activation.id),
                known.registrationsCount < known.registrationLimit
            {
                return offer
            }
            let code = Hex.encode(Random.bytes(10))
            let activation = Activation(
                registrationLimit: 1,
                expiration: now.addingTimeInterval(MetadataService.activationLifetime),
                created: now,
                instanceID: id
            )
            try store.add(activation, codeDigest: Digest.sha256(Array(code.utf8)))
            offers = offers.filter { !$0.value.activation.isExpired(at: now) }
            let offer = Offer(activation: activation, code: code)
            offers[id] = offer
            return offer
        }
    }
}
