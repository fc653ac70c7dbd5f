// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import LatchkeyModel
import LatchkeySystem

@testable import LatchkeyKeys

/// The parsers that read what others wrote, each fed by libFuzzer (`make fuzz`). The first argument names one, the others
/// are libFuzzer's. What crashes one becomes a case in `MutationTests`.
typealias One = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

let keyParsers: [String: One] = [
    // PuTTY's private key file.
    "ppk": { start, count in
        var text = Secret(capacity: count + 64)
        for byte in PPK.mark.utf8 { _ = text.append(byte) }
        _ = text.append(UnsafeRawBufferPointer(start: start, count: count))
        _ = try? KeyDescription(of: text)
        _ = try? PrivateKey(text, passphrase: nil)
        return 0
    },
    // RFC 4716 and the other public forms: what is read can be written, and is read again as the same.
    "public": { start, count in
        let text = String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
        for candidate in [text, RFC4716.begin + "\n" + text] {
            guard let read = try? PublicKeyText(reading: candidate), let written = try? read.text(.rfc4716) else {
                continue
            }
            precondition((try? PublicKeyText(reading: written))?.key == read.key)
        }
        return 0
    },
    // OpenSSH's container, without its frame.
    "openssh": { start, count in
        guard let container = try? OpenSSHContainer(UnsafeRawBufferPointer(start: start, count: count)) else {
            return 0
        }
        _ = try? container.describe()
        if !container.isEncrypted { _ = try? container.open(passphrase: nil) }
        return 0
    },
    // What is not touched stays, what is removed is gone, what is added is found.
    "authorized-keys": { start, count in
        let original = Array(UnsafeRawBufferPointer(start: start, count: count))
        var file = AuthorizedKeys(original)
        precondition(file.bytes == original)
        guard let key = file.entries.first(where: { !$0.isAuthority })?.key else { return 0 }
        precondition(file.contains(key))
        file.remove(key)
        precondition(!file.contains(key))
        file.add(key, comment: "again")
        precondition(file.contains(key))
        return 0
    },
    // Fingerprints as people paste them.
    "fingerprint": { start, count in
        let text = String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
        if let query = FingerprintQuery(text) { precondition(!query.kinds.isEmpty && !query.meaning.isEmpty) }
        return 0
    },
]

let parsers = keyParsers.merging(wireParsers) { first, _ in first }.merging(remoteParsers) { first, _ in first }
guard CommandLine.arguments.count > 1, let one = parsers[CommandLine.arguments[1]] else {
    print("usage: Fuzzing \(parsers.keys.sorted().joined(separator: "|")) [libFuzzer's arguments]")
    exit(64)
}
var arguments = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) } + [nil]
var count = CInt(arguments.count - 1)
arguments.withUnsafeMutableBufferPointer { buffer in
    var start = buffer.baseAddress
    exit(LLVMFuzzerRunDriver(&count, &start, one))
}
