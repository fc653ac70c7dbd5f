// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel

/// What a file with a key in it turned out to be.
enum KeySource {
    case publicKey(PublicKeyText)
    /// What the file shows without its passphrase.
    case privateKey(KeyCandidate)

    /// - Parameter file: `-` for a public key on standard input.
    /// - Throws: `keyUnusable` if there is no key in it, `fileUnusable`.
    init(_ file: String) throws {
        // A private key must not pass through ordinary memory, so it is looked for first.
        let candidate = file == "-" ? nil : KeyLibrary.inspect(file)
        switch candidate?.fault {
        case .none:
            if let candidate {
                self = .privateKey(candidate)
                return
            }
        case .notAKey, .binary, .notRegular, .missing, .unreadable: break
        case .some(let fault): throw KeySource.unusable(file, fault)
        }
        let text = try InputFile.read(file)
        do throws(KeyFault) {
            self = .publicKey(try PublicKeyText(reading: text))
        } catch {
            if error == .notAKey && candidate?.fault == .binary { throw KeySource.unusable(file, .binary) }
            guard error != .notAKey else {
                throw LatchkeyError(
                    .keyUnusable,
                    "there is no key in \(file == "-" ? "standard input" : "'\(file.terminalSafe)'")",
                    hint: "give a .pub file, or the private key's file"
                )
            }
            throw KeySource.unusable(file, error)
        }
    }

    /// What a private key's file shows of itself.
    ///
    /// - Throws: `keyUnusable`.
    static func describe(_ path: String) throws -> KeyDescription {
        do throws(KeyFault) { return try KeyLibrary.describe(path) } catch { throw unusable(path, error) }
    }

    private static func unusable(_ file: String, _ fault: KeyFault) -> LatchkeyError {
        LatchkeyError(
            .keyUnusable,
            "the key '\(file.terminalSafe)' \(fault.reason)",
            hint: fault.hint(path: file)
        )
    }
}
