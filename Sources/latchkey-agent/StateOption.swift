// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Where the agent keeps its registration.
struct StateOption: ParsableArguments {
    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "The folder of the registration; /var/lib/latchkey-agent, or one in the home folder unless root.",
            valueName: "folder"
        )
    )
    var given: String?

    var folder: String {
        if let given { return given }
        if geteuid() == 0 { return "/var/lib/latchkey-agent" }
        let base = Environment.value("XDG_STATE_HOME") ?? "\(Environment.home)/.local/state"
        return "\(base)/latchkey-agent"
    }
}
