// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
internal import LatchkeyStore

extension CommandFilter {
    func conditions() -> Conditions {
        var conditions = Conditions()
        if let commandID { conditions.add("command.id = ?", [commandID]) }
        if let after { conditions.add("requested >= ?", [after.milliseconds]) }
        if let before { conditions.add("requested < ?", [before.milliseconds]) }
        if let documentName { conditions.add("documentName = ?", [documentName]) }
        return conditions
    }
}
