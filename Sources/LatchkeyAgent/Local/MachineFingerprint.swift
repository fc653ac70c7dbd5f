// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// A machine's identity as a UUID.
enum MachineFingerprint {
    /// - Parameters:
    ///   - root: what stands before `/etc` and `/sys`.
    ///   - stateFolder: where a random identity is kept if there is no machine-id.
    static func compute(root: String, stateFolder: String) -> String {
        compute(identity(root, stateFolder), hardware(root))
    }

    /// Whether a fingerprint was computed on this machine, be it by a user who may read less of it.
    static func isOwn(_ fingerprint: String, root: String, stateFolder: String) -> Bool {
        let (identity, hardware) = (identity(root, stateFolder), hardware(root))
        if [compute(identity, hardware), compute(identity, "")].contains(fingerprint) { return true }
        // Only root may read the hardware's, so no other user can check what root computed.
        return hardware.isEmpty && access(hardwarePath(root), F_OK) == 0
    }

    private static func identity(_ root: String, _ stateFolder: String) -> String {
        machineID("\(root)/etc/machine-id") ?? kept(stateFolder)
    }

    private static func hardwarePath(_ root: String) -> String { "\(root)/sys/class/dmi/id/product_uuid" }

    private static func hardware(_ root: String) -> String {
        SystemFile.lines(hardwarePath(root), limit: 256).first?.lowercased() ?? ""
    }

    private static func compute(_ identity: String, _ hardware: String) -> String {
        // machine-id(5): it is confidential and must be hashed, together with something of the application, before it is
        // shown to others.
        return uuid(Digest.sha256(Array("latchkey machine\n\(identity)\n\(hardware)\n".utf8)))
    }

    private static func machineID(_ path: String) -> String? {
        // Before the first boot the file is empty, or says "uninitialized".
        guard let line = SystemFile.lines(path, limit: 256).first, line.utf8.count == 32,
            line.allSatisfy(\.isHexDigit)
        else { return nil }
        return line.lowercased()
    }

    private static func kept(_ folder: String) -> String {
        let path = "\(folder)/machine-id"
        if let identity = machineID(path) { return identity }
        let random = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        // The first process that creates it decides. Where nothing can be kept, each call makes a new identity.
        _ = StateFile.create("\(folder)/machine-id", "\(hexadecimal(random))\n")
        return machineID(path) ?? hexadecimal(random)
    }

    /// The first 16 bytes as a UUID of version 8, the one whose content is the maker's own (RFC 9562 §5.8).
    private static func uuid(_ digest: [UInt8]) -> String {
        var bytes = Array((digest + [UInt8](repeating: 0, count: 16)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let parts = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return parts.map { hexadecimal($0) }.joined(separator: "-")
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
