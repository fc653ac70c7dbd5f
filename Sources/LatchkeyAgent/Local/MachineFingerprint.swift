// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import LatchkeyModel

/// A machine's identity as a UUID.
enum MachineFingerprint {
    /// - Parameters:
    ///   - root: what stands before `/etc` and `/sys`.
    ///   - stateFolder: where a random identity is kept if there is no machine-id.
    static func compute(root: String, stateFolder: String) -> String {
        let identity = machineID("\(root)/etc/machine-id") ?? kept(stateFolder)
        let hardware = SystemFile.lines("\(root)/sys/class/dmi/id/product_uuid", limit: 256).first?.lowercased() ?? ""
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
        // Whoever comes first decides; where nothing can be kept, the identity lasts as long as this process asks once.
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
