// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// The profiles that there are, for the shell to complete.
package enum RemoteProfiles {
    /// - Returns: nothing if the files cannot be read.
    package static func names() -> [String] {
        guard let settings = try? RemoteSettings(RemoteSelection(profile: nil)) else { return [] }
        return settings.files.profiles.keys.sorted()
    }
}
