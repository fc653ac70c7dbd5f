// SPDX-License-Identifier: Apache-2.0

extension Instance {
    /// Whether it stands before another one in a list for people: by name in natural order, those without one at the end.
    package func naturallyPrecedes(_ other: Instance) -> Bool {
        switch (name, other.name) {
        case (let name?, let otherName?) where name != otherName: name.naturallyPrecedes(otherName)
        case (.some, nil): true
        case (nil, .some): false
        default: id < other.id
        }
    }

    /// Whether a text means it only as the beginning of its name or id.
    package func isMeantByBeginning(_ text: String) -> Bool {
        guard text != id, text != name, !addresses.contains(text) else { return false }
        return name?.hasPrefix(text) == true || id.hasPrefix(text)
    }
}
