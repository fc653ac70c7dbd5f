// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// The function that makes a key of a passphrase for OpenSSH's private keys: bcrypt, the key schedule of Blowfish made
/// slow (Provos and Mazières, 1999), inside PBKDF2 with SHA-512, its output spread over the key (OpenBSD's
/// bcrypt_pbkdf(3)). OpenSSL has Blowfish, but not this.
struct BcryptPBKDF: ~Copyable {
    private static let blockWords = 8
    private static let words = 18 + 4 * 256
    /// The subkeys and substitution boxes, in the order of OpenSSL's `BF_KEY`.
    private let state = UnsafeMutablePointer<UInt32>.allocate(capacity: BcryptPBKDF.words)

    private init() {}

    deinit {
        explicit_bzero(state, BcryptPBKDF.words * 4)
        state.deallocate()
    }

    /// - Parameters:
    ///   - length: of the key, in bytes, at most 1024.
    ///   - rounds: at least 1; each takes some milliseconds for each 32 bytes of the key.
    static func derive(
        passphrase: UnsafeRawBufferPointer,
        salt: [UInt8],
        rounds: UInt32,
        length: Int
    ) -> Secret {
        let block = blockWords * 4
        let stride = (length + block - 1) / block
        let hasher = BcryptPBKDF()
        var hashed = Secret(capacity: 64)
        _ = hashed.fill { Digest.sha512(passphrase, into: $0) }

        // Byte i of block j goes to place i * stride + j, so that no part of the key can be had for less.
        return hashed.withBytes { passphrase in
            var key = Secret(capacity: length)
            _ = key.fill { buffer in
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
                for number in 0..<stride {
                    let output = hasher.block(UInt32(number + 1), passphrase, salt, rounds)
                    output.withBytes { bytes in
                        for (index, byte) in bytes.enumerated() where index * stride + number < length {
                            target[index * stride + number] = byte
                        }
                    }
                }
                return length
            }
            return key
        }
    }

    /// PBKDF2's function F (RFC 8018 §5.2) with bcrypt in the place of HMAC: 32 bytes.
    private borrowing func block(
        _ number: UInt32,
        _ passphrase: UnsafeRawBufferPointer,
        _ salt: [UInt8],
        _ rounds: UInt32
    ) -> Secret {
        let counter = [
            UInt8(number >> 24), UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF),
        ]
        var round = Secret(capacity: 32)
        var sum = Secret(capacity: 32)
        var salted = Secret(capacity: 64)
        _ = salted.fill { target in (salt + counter).withUnsafeBytes { Digest.sha512($0, into: target) } }
        for index in 0..<max(1, rounds) {
            if index > 0 {
                salted.removeAll()
                _ = salted.fill { target in round.withBytes { Digest.sha512($0, into: target) } }
                round.removeAll()
            }
            _ = round.fill { target in salted.withBytes { hash(passphrase, salt: $0, into: target) } }
            if index == 0 {
                _ = round.withBytes { sum.append($0) }
            } else {
                round.withBytes { sum.formExclusiveOr($0) }
            }
        }
        return sum
    }

    /// bcrypt over two digests of 64 bytes: 64 expensive schedules, then 64 encryptions of a fixed text.
    ///
    /// - Returns: 32, the bytes written.
    private borrowing func hash(
        _ passphrase: UnsafeRawBufferPointer,
        salt: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer
    ) -> Int {
        var text = "OxychromaticBlowfishSwatDynamite".utf8
            .reduce(into: (words: [UInt32](), bytes: 0)) { sum, byte in
                if sum.bytes % 4 == 0 { sum.words.append(0) }
                sum.words[sum.bytes / 4] = sum.words[sum.bytes / 4] << 8 | UInt32(byte)
                sum.bytes += 1
            }
            .words
        let (passphrase, salt) = (Words(passphrase), Words(salt))
        defer {
            passphrase.wipe()
            salt.wipe()
        }
        BlowfishState.initial.withUnsafeBufferPointer { initial in
            if let base = initial.baseAddress { state.update(from: base, count: BcryptPBKDF.words) }
        }
        expand(key: passphrase, salt: salt)
        for _ in 0..<64 {
            expand(key: salt, salt: nil)
            expand(key: passphrase, salt: nil)
        }
        let schedule = UnsafeRawPointer(state).assumingMemoryBound(to: BF_KEY.self)
        text.withUnsafeMutableBufferPointer { words in
            for _ in 0..<64 {
                for pair in 0..<BcryptPBKDF.blockWords / 2 {
                    BF_encrypt(words.baseAddress?.advanced(by: 2 * pair), schedule)
                }
            }
            for (index, word) in words.enumerated() {
                target.storeBytes(of: word.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
                words[index] = 0
            }
        }
        return 4 * BcryptPBKDF.blockWords
    }

    /// 64 bytes as 16 big-endian words.
    private struct Words {
        let pointer = UnsafeMutablePointer<UInt32>.allocate(capacity: 16)

        init(_ bytes: UnsafeRawBufferPointer) {
            for index in 0..<16 {
                pointer[index] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
            }
        }

        func wipe() {
            explicit_bzero(pointer, 64)
            pointer.deallocate()
        }
    }

    /// The key schedule: the key is added to the subkeys, then each pair of words is replaced by the encryption of the one
    /// before it, the salt added in between.
    private borrowing func expand(key: Words, salt: Words?) {
        for index in 0..<18 { state[index] ^= key.pointer[index % 16] }
        let schedule = UnsafeRawPointer(state).assumingMemoryBound(to: BF_KEY.self)
        var pair: (UInt32, UInt32) = (0, 0)
        withUnsafeMutablePointer(to: &pair) { pair in
            pair.withMemoryRebound(to: UInt32.self, capacity: 2) { pair in
                for index in stride(from: 0, to: BcryptPBKDF.words, by: 2) {
                    if let salt {
                        pair[0] ^= salt.pointer[index % 16]
                        pair[1] ^= salt.pointer[(index + 1) % 16]
                    }
                    BF_encrypt(pair, schedule)
                    state[index] = pair[0]
                    state[index + 1] = pair[1]
                }
            }
        }
        pair = (0, 0)
    }
}
