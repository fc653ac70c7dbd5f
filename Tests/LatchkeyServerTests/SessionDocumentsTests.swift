// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import LatchkeySessionProtocol
import Testing

@testable import LatchkeyOperations
@testable import LatchkeyServer

struct SessionDocumentsTests {
    /// What a server that was started again takes a session for decides whether its agent may be told to pause.
    @Test(arguments: [
        ("SSM-SessionManagerRunShell", [:], SessionType.shell),
        ("AWS-StartInteractiveCommand", ["command": ["top"]], .interactiveCommand),
        ("AWS-StartNonInteractiveCommand", ["command": ["ls"]], .command),
        ("AWS-StartSSHSession", [:], .port),
        ("Latchkey-SSH", [:], .port),
        ("Latchkey-Connect", ["command": ["ls"]], .command),
        ("Latchkey-Connect", ["terminal": ["xterm"]], .shell),
        ("Latchkey-Connect", ["terminal": ["xterm"], "command": ["top"]], .interactiveCommand),
        ("of a newer version", ["what": ["ever"]], .shell),
    ])
    func `a session is known again by what it was started with`(
        name: String,
        parameters: [String: [String]],
        type: SessionType
    ) {
        #expect(SessionDocuments.type(name, parameters) == type)
    }

    @Test func `a command for the official agent reaches its shell as one word`() throws {
        let parameters = ["command": ["echo 'a b' | wc -c"]]
        let plan = try SessionDocuments.plan("Latchkey-Connect", parameters, isOwnAgent: false)
        #expect(plan.properties.linux?.commands == RemoteCommand.supervised("echo 'a b' | wc -c"))
        #expect(plan.properties.linux?.separateOutputStream == "true")
    }

    @Test func `the official agent is not asked for what it cannot do`() {
        #expect(throws: ServiceError.self) { try SessionDocuments.plan("Latchkey-Connect", [:], isOwnAgent: false) }
    }
}
