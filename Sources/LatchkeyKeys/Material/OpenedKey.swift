// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// What opening a private key's text gives.
struct OpenedKey: ~Copyable {
    let material: KeyMaterial
    let format: KeyFormat
    /// Empty where the form has none.
    let comment: String

    consuming func takeMaterial() -> KeyMaterial { material }
}
