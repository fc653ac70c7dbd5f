// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOHTTP1

/// EC2 Instance Connect: a key that is let in for a minute, for one user of one instance. No file is touched: the instance's
/// sshd asks its agent for such keys.
struct SendSSHPublicKeyOperation: Operation {
    static let action: Action = "ec2-instance-connect:SendSSHPublicKey"
    /// Seconds that a pushed key is let in.
    static let lifetime = 60.0

    let store: any ServerStore
    let pool: BlockingPool

    func resources(of request: SendSSHPublicKey) -> [Resource] { [.instance(request.instanceId)] }

    func execute(
        _ request: SendSSHPublicKey,
        in context: OperationContext
    ) async throws -> SendSSHPublicKey.Response {
        guard Self.isUser(request.instanceOSUser) else {
            throw Self.invalid("InstanceOSUser is not a name that a user can have")
        }
        // One line, and nothing in front of the key: the client that pushes it may set no options.
        let lines = request.sSHPublicKey.split(whereSeparator: \.isNewline)
        guard (80...4096).contains(request.sSHPublicKey.utf8.count), lines.count == 1,
            let key = PublicKey(line: lines[0]),
            lines[0].hasPrefix("\(key.algorithm) ")
        else {
            throw Self.invalid("SSHPublicKey is not a public key in OpenSSH's form")
        }
        guard key.typeName == "rsa" || key.typeName == "ed25519" else {
            throw Self.invalid("SSHPublicKey is neither an RSA nor an ED25519 key")
        }
        let id = request.instanceId
        guard Identifier.looksLikeInstanceID(id) else {
            throw Self.invalid("InstanceId is not an instance's id")
        }
        let accessKeyID = try context.accessKeyID
        try await pool.write {
            guard let instance = try store.instances(withIDs: [id]).first else {
                throw ServiceError(
                    code: "EC2InstanceNotFoundException",
                    message: "Instance not found: '\(id.cut(to: .quotation))'"
                )
            }
            guard instance.state == .running else {
                throw ServiceError(
                    code: "EC2InstanceStateInvalidException",
                    message: "The instance is \(instance.state.rawValue), not running."
                )
            }
            let now = Date()
            let end = now.addingTimeInterval(Self.lifetime)
            let isPushed = try store.push(
                key,
                to: id,
                user: request.instanceOSUser,
                by: accessKeyID,
                until: end,
                at: now
            )
            guard isPushed else {
                throw ServiceError(
                    code: "ThrottlingException",
                    message: "Too many keys wait for this user.",
                    status: .tooManyRequests
                )
            }
        }
        return SendSSHPublicKey.Response(requestID: context.requestID, success: true)
    }

    /// By the pattern of AWS: letters, digits and `@._-`, a last `$`, up to 32 of them, not digits alone.
    static func isUser(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...32).contains(bytes.count) else { return false }
        func isLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        let body = bytes.last == UInt8(ascii: "$") ? bytes.dropLast() : bytes[...]
        guard let first = body.first, body.allSatisfy({ isLetterOrDigit($0) || "@._-".utf8.contains($0) }) else {
            return false
        }
        return isLetterOrDigit(first) || first == UInt8(ascii: "_") ? !body.allSatisfy(isDigit) : false
    }

    private static func invalid(_ message: String) -> ServiceError {
        ServiceError(code: "InvalidArgsException", message: message)
    }
}
