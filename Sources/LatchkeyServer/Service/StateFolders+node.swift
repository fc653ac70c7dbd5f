// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySystem

extension StateFolders {
    /// The latchkeyd of this home among those that share its store, made at its first start.
    ///
    /// - Throws: `fileUnusable`, `storageFull`; `configurationInvalid` if the file says something else.
    func node() throws -> NodeID {
        if let content = try StateFile.readOwn(nodePath) {
            let text = String(decoding: content, as: UTF8.self)
            guard text.hasSuffix("\n"), Identifier.isNode(String(text.dropLast())) else {
                throw LatchkeyError(
                    .configurationInvalid,
                    "'\(nodePath.terminalSafe)' is damaged",
                    hint:
                        "remove it and start latchkeyd again, which takes a new name; sessions that are open now end then"
                )
            }
            return String(text.dropLast())
        }
        let node = Identifier.make(prefix: Identifier.nodePrefix)
        try StateFile.write(nodePath, Array("\(node)\n".utf8))
        return node
    }
}
