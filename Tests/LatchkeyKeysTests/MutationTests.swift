// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

/// Damaged keys in every form: told as such or read as the same key, never a crash. What `make fuzz` finds is added here.
struct MutationTests {
    @Test(arguments: KeyFormat.allCases) func `a private key with some bytes changed is told or read, never a crash`(
        format: KeyFormat
    ) throws {
        let kinds: [KeyMaterial.Kind] =
            switch format {
            case .pkcs1: [.rsa(bits: 1024)]
            case .sec1: [.ecdsa(.nistp256)]
            default: [.rsa(bits: 1024), .ecdsa(.nistp521), .ed25519]
            }
        var generator = SeededGenerator(seed: UInt64(format.rawValue))
        for kind in kinds {
            let key = try PrivateKey(kind, comment: "c")
            let text = try key.text(format, comment: "c", passphrase: nil).withBytes { Array($0) }
            for _ in 0..<400 {
                var changed = text
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<changed.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: changed[place] = UInt8.random(in: .min ... .max, using: &generator)
                    case 1: changed.remove(at: place)
                    default: changed.insert(changed[Int.random(in: 0..<changed.count, using: &generator)], at: place)
                    }
                }
                var secret = Secret(capacity: changed.count)
                for byte in changed { _ = secret.append(byte) }
                let described = try? KeyDescription(of: secret)
                guard let opened = try? PrivateKey(secret, passphrase: nil) else { continue }
                // What opens is a whole key, and what was said of it before is true.
                #expect(described?.publicKey == opened.publicKey)
                #expect(opened.sign([1], flags: 4) != nil)
            }
        }
    }
}
