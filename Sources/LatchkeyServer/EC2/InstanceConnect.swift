// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyModel

/// EC2 Instance Connect: lets a key in at one instance, for one of its users and for a minute.
struct InstanceConnect: Sendable {
    let store: Store
    let workers: Workers

    private static let keyLimits = 80...4096

    func sendSSHPublicKey(
        _ request: SendSSHPublicKey,
        requestID: String,
        now: Date = Date()
    ) async throws -> SendSSHPublicKey.Response {
        let id = request.instanceId
        guard (10...32).contains(id.utf8.count), id.hasPrefix(Identifier.instancePrefix),
            Identifier.looksLikeInstanceID(id)
        else { throw InstanceConnect.invalid("InstanceId is not an instance's id") }
        guard InstanceConnect.isUser(request.instanceOSUser) else {
            throw InstanceConnect.invalid("InstanceOSUser is not a user's name")
        }
        let key = try InstanceConnect.key(request.sSHPublicKey)
        let pushed = PushedKey(
            instanceID: id,
            user: request.instanceOSUser,
            publicKey: key,
            expires: now.addingTimeInterval(PushedKey.lifetime)
        )
        try await workers.run {
            guard let instance = try store.instances(withIDs: [id]).first else {
                throw ServiceError(
                    code: "EC2InstanceNotFoundException",
                    message: "Instance ID '\(id)' does not exist"
                )
            }
            guard instance.state == .running else {
                throw ServiceError(
                    code: "EC2InstanceStateInvalidException",
                    message: "Instance '\(id)' is '\(instance.state.rawValue)', not 'running'"
                )
            }
            try store.push(pushed, at: now)
        }
        return SendSSHPublicKey.Response(requestId: requestID, success: true)
    }

    private static func invalid(_ message: String) -> ServiceError {
        ServiceError(code: "InvalidArgsException", message: message)
    }

    private static func key(_ text: String) throws(ServiceError) -> PublicKey {
        // One line: what else came with it would stand in the file that lets people in.
        let line = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard keyLimits.contains(text.utf8.count), !line.contains(where: \.isNewline), let key = PublicKey(line: line),
            !key.isCertificate, ["ed25519", "rsa", "ecdsa", "sk-ed25519", "sk-ecdsa"].contains(key.typeName)
        else { throw invalid("SSHPublicKey is not a public key in OpenSSH's form") }
        return key
    }

    /// EC2's two rules: a name that begins with a letter or underscore, or with digits that something else follows.
    private static func isUser(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...32).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        func isInner(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || "@._-".utf8.contains(byte) }
        func isLast(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || "$_-".utf8.contains(byte) }
        if isLetter(first) || first == UInt8(ascii: "_") {
            let rest = bytes.dropFirst()
            return rest.dropLast().allSatisfy(isInner) && (rest.isEmpty || isLast(last) || isInner(last))
        }
        guard isDigit(first), let place = bytes.firstIndex(where: { !isDigit($0) }) else { return false }
        return isInner(bytes[place]) && bytes[place...].dropLast().allSatisfy(isInner)
            && (isLast(last) || place == bytes.count - 1)
    }
}
