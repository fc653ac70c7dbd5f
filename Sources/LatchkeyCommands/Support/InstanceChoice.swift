// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyTerminal

/// The instance that a word of the command line means.
enum InstanceChoice {
    /// The name, and the user before an `@`. A name may hold an @ itself, so the whole is looked for first.
    static func split(_ text: String, _ plane: any ControlPlane) throws -> (name: String, user: String?) {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex,
            try plane.instances(matching: InstanceSelector(text), limit: 1).isEmpty
        else { return (text, nil) }
        return (String(text[text.index(after: at)...]), String(text[..<at]))
    }

    /// The one that `text` stands for. At a terminal, of several one is picked from a list. If it was only the beginning of a
    /// name or id, what it was taken for is said.
    ///
    /// - Parameter offersSeveral: whether there is a list to pick from; not where a wrong choice cannot be taken back.
    /// - Throws: as ``ControlPlane/instance(named:choose:)``; `cancelled`.
    static func one(_ text: String, of plane: any ControlPlane, offersSeveral: Bool = true) throws -> Instance {
        let isAsked = offersSeveral && Terminal.isInteractive
        var isPicked = false
        let instance = try plane.instance(
            named: text,
            choose: isAsked
                ? { several in
                    isPicked = true
                    let known = try plane.lastContacts(of: several.map(\.id))
                    return try InstancePicker.pick(several, known, prompt: "'\(text.terminalSafe)' is one of: ")
                } : nil
        )
        if !isPicked, instance.isMeantByBeginning(text) {
            Console.note(
                "latchkey: note: '\(text.terminalSafe)' is taken for '\(instance.displayName)' (\(instance.id))"
            )
        }
        return instance
    }
}
